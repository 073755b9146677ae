-- Which staffing units each version changed, beside the one before it: whoever keeps a copy of the rows in memory reads
-- those alone. A generation is one more than the one before; a version is known by its random number, so that a copy
-- of before a restore finds no version to go on from.
ALTER TABLE staffing_version ADD COLUMN generation bigint NOT NULL DEFAULT 0;

CREATE TABLE staffing_change (
    authority text NOT NULL REFERENCES staffing_version (authority) ON DELETE CASCADE,
    generation bigint NOT NULL,
    version uuid NOT NULL,
    -- Null where so many changed that whoever follows reads all of them.
    units text [],
    PRIMARY KEY (authority, generation)
);
