-- Which of the events that one source recorded at one instant is the later, where the source says so. Of events that came
-- before there was such an attribute, and of sources that do not state it, nothing is known.
ALTER TABLE journal ADD COLUMN source_sequence bigint;
ALTER TABLE inbox ADD COLUMN source_sequence bigint;
