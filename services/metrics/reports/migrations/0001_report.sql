-- Reports that people made. No event brings one back, so they stand where a rebuild of metrics leaves them alone. A report
-- that was made never changes; it can be taken away.

-- How many an authority has made: the number of one that was taken away is not given again.
CREATE TABLE report_count (
    authority text PRIMARY KEY,
    made integer NOT NULL
);

CREATE TABLE report (
    authority text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    -- The name of the key, or what signing in says of a person.
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    as_known_at timestamptz NOT NULL,
    as_accepted_at timestamptz NOT NULL,
    PRIMARY KEY (authority, number),
    UNIQUE (authority, name)
);

CREATE TABLE report_question (
    authority text NOT NULL,
    number integer NOT NULL,
    position smallint NOT NULL,
    -- A path of the API with its parameters, without authority and instants: those are the report's.
    question text NOT NULL,
    -- SHA-256 of its figures when the report was made.
    figures text NOT NULL,
    PRIMARY KEY (authority, number, position),
    FOREIGN KEY (authority, number) REFERENCES report (authority, number) ON DELETE CASCADE
);
