-- How many events of each file wait, and what the doors said of the others: counted as it happens, for it is asked for
-- again and again while a large file is on its way.
CREATE TABLE file_event_count (
    file bigint NOT NULL REFERENCES delivered_file (id) ON DELETE CASCADE,
    door text NOT NULL,
    event_type text NOT NULL,
    state text NOT NULL,
    events integer NOT NULL,
    PRIMARY KEY (file, door, event_type, state)
);
CREATE INDEX file_event_count_waiting ON file_event_count (file) WHERE state = 'waiting' AND events > 0;
INSERT INTO file_event_count
SELECT file, door, event_type, state, count(*) FROM outgoing GROUP BY file, door, event_type, state;

-- Of the rows that were accepted, how many a door rejected later: beside counts, which stay as they were taken in.
ALTER TABLE delivered_file ADD COLUMN rejected_at_doors integer NOT NULL DEFAULT 0;
UPDATE delivered_file
SET rejected_at_doors = found.rows
FROM (
    SELECT outgoing.file, count(DISTINCT outgoing.row) AS rows
    FROM outgoing
    WHERE outgoing.state = 'rejected' AND outgoing.row IS NOT NULL
    GROUP BY outgoing.file
) AS found
WHERE delivered_file.id = found.file;

-- Subjects of which rules leave out all rows count no more.
UPDATE delivered_file
SET subjects = found.subjects
FROM (
    SELECT authority, feed, kind, count(*) FILTER (WHERE states)::integer AS subjects
    FROM subject_state
    GROUP BY authority, feed, kind
) AS found
WHERE (delivered_file.authority, delivered_file.feed, delivered_file.kind) = (found.authority, found.feed, found.kind)
    AND delivered_file.subjects > found.subjects;
