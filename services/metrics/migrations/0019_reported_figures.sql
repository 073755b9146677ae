-- What dashboards show of rates, cohorts and data quality: what the API answered, written down by services/metrics/reporting.
-- Nothing is counted here. Whatever is written of an authority is as known at one instant, and can be written anew.
CREATE TABLE reporting.reported (
    authority text PRIMARY KEY,
    -- What the figures follow from: while it is the same, so are they.
    state text NOT NULL,
    as_known_at timestamptz NOT NULL
);
COMMENT ON TABLE reporting.reported IS 'Authorities whose figures were written down, and as known when.';

CREATE TABLE reporting.monthly_figure (
    authority text NOT NULL,
    measure text NOT NULL,
    -- By what it is broken down, and which value of that; both empty for the authority as a whole.
    dimension text NOT NULL,
    member text NOT NULL,
    month_end date NOT NULL,
    -- As the API shows it, rounded; null where there is no figure, with its reason.
    value numeric,
    reason text,
    -- Of the control chart, where there is one.
    lower numeric,
    centre numeric,
    upper numeric,
    rules text [] NOT NULL,
    PRIMARY KEY (authority, measure, dimension, member, month_end)
);
COMMENT ON TABLE reporting.monthly_figure IS
    'A measure at the end of each month, or in it, or in the twelve months up to it, as GET /v1/measures/{measure}/series '
    'answers. Months that are under way, or that are long after the newest record, are left out.';

CREATE TABLE reporting.cohort (
    authority text NOT NULL,
    cohort text NOT NULL,
    entry_on date,
    completes_on date,
    completed boolean NOT NULL,
    as_at date NOT NULL,
    started integer NOT NULL,
    passed integer NOT NULL,
    progressed integer NOT NULL,
    "left" integer NOT NULL,
    in_post integer NOT NULL,
    progressed_share numeric,
    retention numeric,
    mean_service_years numeric,
    PRIMARY KEY (authority, cohort)
);
COMMENT ON TABLE reporting.cohort IS
    'What became of the cohorts of the academy, as GET /v1/academy/cohorts answers; cohort ''all'' is over all of them.';

CREATE TABLE reporting.survival (
    authority text NOT NULL,
    months integer NOT NULL,
    at_risk integer NOT NULL,
    survival numeric NOT NULL,
    lower numeric,
    upper numeric,
    PRIMARY KEY (authority, months)
);
COMMENT ON TABLE reporting.survival IS 'How long academy members stay, as GET /v1/survival?of=academy-members answers.';

CREATE TABLE reporting.finding (
    authority text NOT NULL,
    check_name text NOT NULL,
    title text NOT NULL,
    severity text NOT NULL,
    findings integer NOT NULL,
    PRIMARY KEY (authority, check_name)
);
COMMENT ON TABLE reporting.finding IS 'How many findings of data quality each check has, as GET /v1/quality answers.';

CREATE TABLE reporting.lateness (
    authority text NOT NULL,
    event_type text NOT NULL,
    events integer NOT NULL,
    late integer NOT NULL,
    median_days_late numeric,
    PRIMARY KEY (authority, event_type)
);
COMMENT ON TABLE reporting.lateness IS 'How late events of each type are recorded, as GET /v1/quality answers.';

CREATE VIEW reporting.authority AS SELECT authority FROM public.staffing_version;
COMMENT ON VIEW reporting.authority IS 'Every authority of which anything is known.';

CREATE VIEW reporting.feed AS
SELECT authority, source, topic, events, first_recorded_at, last_recorded_at, last_accepted_at FROM public.feed;
COMMENT ON VIEW reporting.feed IS 'What each feed has sent, topic by topic, as GET /v1/feeds answers.';

CREATE FUNCTION reporting.month_ends(authority text)
RETURNS TABLE (month_end date)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT day.month_end
    FROM (
        SELECT
            (SELECT min(valid_from) FROM public.staffing WHERE staffing.authority = month_ends.authority) AS first_day,
            (
                SELECT (max(last_recorded_at) AT TIME ZONE 'UTC')::date
                FROM public.feed
                WHERE feed.authority = month_ends.authority
            ) AS last_recorded_on,
            (now() AT TIME ZONE 'UTC')::date AS today
    ) AS known
    CROSS JOIN LATERAL generate_series(
        date_trunc('month', known.first_day::timestamp), known.today::timestamp, interval '1 month'
    ) AS month (first_day)
    CROSS JOIN LATERAL (
        SELECT (month.first_day + interval '1 month' - interval '1 day')::date
    ) AS day (month_end)
    WHERE day.month_end < known.today AND day.month_end <= known.last_recorded_on + interval '3 months'
    ORDER BY day.month_end DESC
    LIMIT 120
$$;
COMMENT ON FUNCTION reporting.month_ends IS
    'The last days of the months that are over, the newest first, of which anything is known: ten years at most. Three '
    'months after the newest record of the authority nothing is known any more.';

REVOKE ALL ON FUNCTION reporting.month_ends FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workforce_reporting') THEN
        GRANT SELECT ON
            reporting.reported,
            reporting.monthly_figure,
            reporting.cohort,
            reporting.survival,
            reporting.finding,
            reporting.lateness,
            reporting.authority,
            reporting.feed
        TO workforce_reporting;
        GRANT EXECUTE ON FUNCTION reporting.month_ends TO workforce_reporting;
    END IF;
END
$$;
