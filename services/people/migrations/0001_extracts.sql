-- Extracts: mappings, the files that came, what each feed states, and the events on their way to the doors. No column
-- here holds a personal value in clear: what may is encrypted, in the columns named sealed_….

-- Which key workers' ids are made with: with another one every worker would be somebody else.
CREATE TABLE pseudonym_key (
    is_the_one boolean PRIMARY KEY DEFAULT true CHECK (is_the_one),
    fingerprint text NOT NULL
);

-- The newest version of a feed's mapping applies; the others say how older files were read.
CREATE TABLE feed_mapping (
    authority text NOT NULL,
    feed text NOT NULL,
    version integer NOT NULL,
    content text NOT NULL,
    sha256 text NOT NULL,
    put_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    put_by text NOT NULL,
    PRIMARY KEY (authority, feed, version)
);

CREATE TABLE delivered_file (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    authority text NOT NULL,
    feed text NOT NULL,
    -- As the mapping calls it; the name it was sent with is nowhere: it may hold a person's.
    kind text NOT NULL,
    mapping_version integer NOT NULL,
    as_at date NOT NULL,
    recorded_at timestamptz NOT NULL,
    sha256 text NOT NULL,
    -- Of its columns those that the mapping names: the others are told to the sender, once.
    header text[] NOT NULL,
    form text NOT NULL,
    rows integer NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    accepted_by text NOT NULL,
    -- Somebody looked, and says that it really is so much smaller than the last one, or laid out otherwise.
    confirmed boolean NOT NULL,
    state text NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'refused', 'taken-in', 'delivered')),
    taken_in_at timestamptz,
    subjects integer,
    -- {"problem", "expected"} of a file that was refused whole.
    refusal json,
    counts json NOT NULL DEFAULT '{}',
    -- The key of its rows, gone once these may no longer be read.
    master_key text,
    wrapped_key bytea
);
CREATE INDEX delivered_file_by_master_key ON delivered_file (master_key);
CREATE INDEX delivered_file_waiting ON delivered_file (id) WHERE state = 'accepted';
CREATE INDEX delivered_file_of_feed ON delivered_file (authority, feed, kind, id);

-- What of an accepted file is still to be read: its named columns. Gone in the transaction that takes it in.
CREATE TABLE file_part (
    file bigint NOT NULL REFERENCES delivered_file (id) ON DELETE CASCADE,
    part integer NOT NULL,
    sealed_rows bytea NOT NULL,
    PRIMARY KEY (file, part)
);

-- The answer to each row. sealed_answer: faults, the rule that leaves it out, notes, the cells of a rejected row.
CREATE TABLE file_row (
    file bigint NOT NULL REFERENCES delivered_file (id) ON DELETE CASCADE,
    row integer NOT NULL,
    status text NOT NULL,
    sealed_answer bytea,
    PRIMARY KEY (file, row)
);

-- What a feed said last of each subject, by kind of file.
CREATE TABLE subject_state (
    authority text NOT NULL,
    feed text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    -- Keyed; of the cells that were read and of the mapping. NULL: to be read again.
    digest bytea,
    state json NOT NULL,
    -- How many extracts, one after another, did not name it, and whether any fact of it stands.
    missing integer NOT NULL,
    states boolean NOT NULL,
    PRIMARY KEY (authority, feed, kind, subject)
);

-- The events, in order, for ever: waiting until their door has answered.
CREATE TABLE outgoing (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file bigint NOT NULL REFERENCES delivered_file (id),
    row integer,
    door text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    event json NOT NULL,
    -- What the feed stated of the subject before: what the event corrects or withdraws stands again if it is rejected.
    state_before json,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'already-known', 'rejected')),
    answered_at timestamptz,
    sealed_faults bytea
);
CREATE INDEX outgoing_waiting ON outgoing (door, position) WHERE state = 'waiting';
CREATE INDEX outgoing_of_file ON outgoing (file, row);
