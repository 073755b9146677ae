-- Up to which position of the journal a topic's events were counted: a count of another position than the relay's
-- progress, which a person may have set back, is not believed but made anew.
ALTER TABLE relay_count ADD COLUMN position bigint NOT NULL DEFAULT -1;
