-- Stock by every dimension of posts, for readers of this database who want another breakdown than by role: they add up
-- what they want. The columns before the amounts are those of services/metrics/timelines/dimensions.py.
CREATE FUNCTION reporting.detailed_stock(authority text, as_at date, as_known_at timestamptz)
RETURNS TABLE (
    role text,
    team text,
    service_area text,
    grade text,
    csww_role smallint,
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
        staffing.team,
        staffing.service_area,
        staffing.grade,
        staffing.csww_role,
        sum(staffing.establishment) * 0.000001,
        sum(staffing.in_post) * 0.000001,
        sum(staffing.vacancies) * 0.000001,
        sum(staffing.over_establishment) * 0.000001,
        sum(staffing.agency) * 0.000001,
        sum(staffing.agency_cover) * 0.000001,
        sum(staffing.uncovered) * 0.000001
    FROM public.staffing
    WHERE staffing.authority = detailed_stock.authority
        AND staffing.valid_from <= detailed_stock.as_at AND detailed_stock.as_at < staffing.valid_to
        AND staffing.known_from <= detailed_stock.as_known_at AND detailed_stock.as_known_at < staffing.known_to
    GROUP BY staffing.role, staffing.team, staffing.service_area, staffing.grade, staffing.csww_role
$$;
COMMENT ON FUNCTION reporting.detailed_stock IS
    'Stock in FTE by every dimension of posts as at a date, as known at an instant. A dimension is null where not stated.';

REVOKE ALL ON FUNCTION reporting.detailed_stock FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workforce_reporting') THEN
        GRANT EXECUTE ON FUNCTION reporting.detailed_stock TO workforce_reporting;
    END IF;
END
$$;
