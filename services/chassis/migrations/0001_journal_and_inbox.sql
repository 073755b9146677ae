-- The journal: every event this service accepted, in order. It is the outbox the relay publishes from, and the source
-- of every replay. Rows are never changed. Positions have no gaps: journal_head hands them out inside the transaction.
CREATE TABLE journal (
    position bigint PRIMARY KEY,
    authority text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    supersedes text,
    voids text,
    accepted_at timestamptz NOT NULL,
    provenance text NOT NULL,
    body json NOT NULL,
    fingerprint bytea NOT NULL,
    UNIQUE (authority, event_id)
);

CREATE TABLE journal_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    position bigint NOT NULL DEFAULT 0
);
INSERT INTO journal_head DEFAULT VALUES;

-- How far the relay has published, and where Kafka's logs ended then: a log that is shorter later has lost records.
CREATE TABLE relay_progress (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    position bigint NOT NULL DEFAULT 0
);
INSERT INTO relay_progress DEFAULT VALUES;

CREATE TABLE relay_log_end (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

-- The inbox: every event taken in from Kafka, once. An event is known by authority, type and id: ids are unique within
-- an authority and a service, and a type belongs to one service.
CREATE TABLE inbox (
    authority text NOT NULL,
    subject text NOT NULL,
    type text NOT NULL,
    event_id text NOT NULL,
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    supersedes text,
    voids text,
    accepted_at timestamptz NOT NULL,
    owner text NOT NULL,
    sequence bigint NOT NULL,
    provenance text,
    body json NOT NULL,
    PRIMARY KEY (authority, subject, type, event_id)
);
