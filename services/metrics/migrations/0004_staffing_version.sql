-- Which state of an authority's staffing one sees: whoever keeps a copy of its rows in memory compares. A version is never
-- used twice, not even after a restore of an older copy of this database, so equal versions mean equal rows.
CREATE TABLE staffing_version (
    authority text PRIMARY KEY,
    version uuid NOT NULL DEFAULT gen_random_uuid()
);

INSERT INTO staffing_version (authority)
SELECT DISTINCT authority FROM staffing;
