-- What councils said of their initiatives, as known over time: for charts beside the figures, theirs and Grafana's.
CREATE TABLE initiative (
    authority text NOT NULL,
    initiative text NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    announced_on date,
    starts_on date NOT NULL,
    ends_on date CHECK (ends_on > starts_on),
    known_from timestamptz NOT NULL,
    known_to timestamptz NOT NULL CHECK (known_to > known_from),
    PRIMARY KEY (authority, initiative, known_from)
);

-- They are few among very many events, and every trend asks for them.
CREATE INDEX initiatives_announced ON inbox (authority) WHERE type = 'uk.workforce.initiative.announced.v1';

CREATE FUNCTION reporting.initiatives(authority text, from_date date, to_date date, as_known_at timestamptz)
RETURNS TABLE (initiative text, title text, kind text, announced_on date, starts_on date, ends_on date)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        initiative.initiative,
        initiative.title,
        initiative.kind,
        initiative.announced_on,
        initiative.starts_on,
        initiative.ends_on
    FROM public.initiative
    WHERE initiative.authority = initiatives.authority
        AND initiative.starts_on <= initiatives.to_date
        AND (initiative.ends_on IS NULL OR initiative.ends_on > initiatives.from_date)
        AND initiative.known_from <= initiatives.as_known_at AND initiatives.as_known_at < initiative.known_to
    ORDER BY initiative.starts_on, initiative.initiative
$$;
COMMENT ON FUNCTION reporting.initiatives IS
    'The initiatives that ran at any time between two dates (both included), as known at an instant. One runs from '
    'starts_on up to and without ends_on; an ends_on of null: no end is known.';

REVOKE ALL ON FUNCTION reporting.initiatives FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workforce_reporting') THEN
        GRANT EXECUTE ON FUNCTION reporting.initiatives TO workforce_reporting;
    END IF;
END
$$;
