-- Instants that the journal gives out never go back, whatever the server's clock does: a watermark says that no event
-- will be accepted before an instant any more.
ALTER TABLE journal_head ADD COLUMN clock timestamptz NOT NULL DEFAULT '-infinity';
UPDATE journal_head SET clock = coalesce((SELECT max(accepted_at) FROM journal), '-infinity');

-- How many events of each topic stand in the journal up to the relay's progress.
CREATE TABLE relay_count (
    topic text PRIMARY KEY,
    events bigint NOT NULL
);

-- Topics whose events are published again: up to `position` it is done, it ends at `up_to`. A topic whose log was lost
-- comes before everything new; what a reader asked for goes beside it.
CREATE TABLE relay_again (
    topic text PRIMARY KEY,
    position bigint NOT NULL,
    up_to bigint NOT NULL,
    lost boolean NOT NULL
);

-- How far this service has read each partition: the truth, where Kafka's own note can be moved or lost. `reading` is
-- another one whenever the partition is to be read again from its beginning.
CREATE TABLE reading (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    reading uuid NOT NULL DEFAULT gen_random_uuid(),
    PRIMARY KEY (topic, partition)
);

-- What this service must have of each topic it reads, from the owner's watermarks, and what it has.
CREATE TABLE expected (
    topic text PRIMARY KEY,
    owner text NOT NULL,
    -- The watermark that is judged now.
    position bigint NOT NULL,
    events bigint NOT NULL,
    until timestamptz NOT NULL,
    log_position bigint NOT NULL,
    log_ends bigint [] NOT NULL,
    judged_since timestamptz NOT NULL,
    -- The newest one.
    heard_until timestamptz NOT NULL,
    -- Up to this position the inbox holds all events that there are, so many.
    verified_position bigint NOT NULL,
    verified_events bigint NOT NULL,
    complete_until timestamptz,
    missing bigint NOT NULL,
    -- What was done about missing events, and when.
    remedy text CHECK (remedy IN ('read-again', 'asked')),
    remedy_at timestamptz
);

-- Events that were set aside as dead letters: they are missing from the inbox, and that is accounted for.
CREATE TABLE set_aside_event (
    topic text NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (topic, sequence)
);

CREATE INDEX inbox_by_sequence ON inbox (owner, sequence);
