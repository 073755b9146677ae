-- What dashboards and other readers of this database may see: the schema reporting, and nothing else. Its functions
-- run with their owner's rights, so a reader needs none on the tables behind them. The columns are the measures of
-- services/metrics/measures.py, in FTE, as exact sums: who shows them rounds them, half up, to 1 decimal.
CREATE SCHEMA reporting;

CREATE FUNCTION reporting.stock(authority text, as_at date, as_known_at timestamptz)
RETURNS TABLE (
    role text,
    establishment numeric,
    in_post numeric,
    vacancies numeric,
    over_establishment numeric,
    agency numeric,
    agency_cover numeric,
    uncovered_vacancies numeric
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        staffing.role,
        sum(staffing.establishment),
        sum(staffing.in_post),
        sum(staffing.vacancies),
        sum(staffing.over_establishment),
        sum(staffing.agency),
        sum(staffing.agency_cover),
        sum(staffing.uncovered)
    FROM public.staffing
    WHERE staffing.authority = stock.authority
        AND staffing.valid_from <= stock.as_at AND stock.as_at < staffing.valid_to
        AND staffing.known_from <= stock.as_known_at AND stock.as_known_at < staffing.known_to
    GROUP BY staffing.role
$$;
COMMENT ON FUNCTION reporting.stock IS
    'Stock in FTE by role as at a date, as known at an instant. The role is null where no event established the post.';

CREATE FUNCTION reporting.monthly_stock(authority text, from_date date, to_date date, as_known_at timestamptz)
RETURNS TABLE (
    as_at date,
    role text,
    establishment numeric,
    in_post numeric,
    vacancies numeric,
    over_establishment numeric,
    agency numeric,
    agency_cover numeric,
    uncovered_vacancies numeric
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT month_end.as_at, stock.*
    FROM generate_series(
        date_trunc('month', monthly_stock.from_date::timestamp), monthly_stock.to_date::timestamp, interval '1 month'
    ) AS month (first_day)
    CROSS JOIN LATERAL (
        SELECT (month.first_day + interval '1 month' - interval '1 day')::date
    ) AS month_end (as_at)
    CROSS JOIN LATERAL reporting.stock(monthly_stock.authority, month_end.as_at, monthly_stock.as_known_at) AS stock
    WHERE month_end.as_at BETWEEN monthly_stock.from_date AND monthly_stock.to_date
$$;
COMMENT ON FUNCTION reporting.monthly_stock IS
    'reporting.stock as at the last day of each month that ends between two dates (both included).';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reporting FROM PUBLIC;

-- Readers log in by roles of their own that are members of workforce_reporting. A service that may not make roles
-- leaves it to whoever set the server up (deploy/postgresql); a server has one for all its databases.
DO $$
BEGIN
    CREATE ROLE workforce_reporting NOLOGIN;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        NULL;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workforce_reporting') THEN
        GRANT USAGE ON SCHEMA reporting TO workforce_reporting;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reporting TO workforce_reporting;
    END IF;
END
$$;
