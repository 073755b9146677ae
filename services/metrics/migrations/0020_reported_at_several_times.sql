-- What dashboards show of cohorts is as at several days, and of data quality as known at several: so far it was of one.
-- All of it is worked out anew at once: nothing of it comes from anywhere but the API.
TRUNCATE
    reporting.reported,
    reporting.monthly_figure,
    reporting.cohort,
    reporting.survival,
    reporting.finding,
    reporting.lateness;

ALTER TABLE reporting.cohort DROP CONSTRAINT cohort_pkey, ADD PRIMARY KEY (authority, as_at, cohort);
COMMENT ON TABLE reporting.cohort IS
    'What became of the cohorts of the academy as at the ends of the last months, and of the same month in earlier years, '
    'as GET /v1/academy/cohorts answers; cohort ''all'' is over all of them.';

ALTER TABLE reporting.survival
    ADD COLUMN as_at date NOT NULL, DROP CONSTRAINT survival_pkey, ADD PRIMARY KEY (authority, as_at, months);
COMMENT ON TABLE reporting.survival IS
    'How long academy members stay, as at the same days, as GET /v1/survival?of=academy-members answers.';

CREATE TABLE reporting.quality (
    authority text NOT NULL,
    -- As known at the end of this day; infinity is as known when it was written down.
    known_on date NOT NULL,
    -- What the findings follow from: while it is the same, so are they.
    state text NOT NULL,
    PRIMARY KEY (authority, known_on)
);
COMMENT ON TABLE reporting.quality IS
    'As known at which days the findings of data quality were written down. infinity: when they were written.';

ALTER TABLE reporting.finding
    ADD COLUMN known_on date NOT NULL, DROP CONSTRAINT finding_pkey, ADD PRIMARY KEY (authority, known_on, check_name);
ALTER TABLE reporting.lateness
    ADD COLUMN known_on date NOT NULL, DROP CONSTRAINT lateness_pkey, ADD PRIMARY KEY (authority, known_on, event_type);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workforce_reporting') THEN
        GRANT SELECT ON reporting.quality TO workforce_reporting;
    END IF;
END
$$;
