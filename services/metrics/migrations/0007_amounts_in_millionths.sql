-- Amounts are whole numbers of millionths of an FTE: exact as before, and written in a fraction of the time of numeric.
-- What is derived is thrown away and derived again from the inbox.
TRUNCATE occupancy, cover, staffing;

ALTER TABLE occupancy ALTER COLUMN fte TYPE bigint USING 0;
ALTER TABLE cover ALTER COLUMN fte TYPE bigint USING 0;
ALTER TABLE staffing
    ALTER COLUMN establishment TYPE bigint USING 0,
    ALTER COLUMN in_post TYPE bigint USING 0,
    ALTER COLUMN vacancies TYPE bigint USING 0,
    ALTER COLUMN over_establishment TYPE bigint USING 0,
    ALTER COLUMN agency TYPE bigint USING 0,
    ALTER COLUMN agency_cover TYPE bigint USING 0,
    ALTER COLUMN uncovered TYPE bigint USING 0;

INSERT INTO to_derive (authority, subject)
SELECT DISTINCT authority, subject
FROM inbox
WHERE subject LIKE 'worker/%' OR subject LIKE 'cover/%' OR subject LIKE 'post/%'
ON CONFLICT (authority, subject) DO UPDATE SET failed = NULL;

UPDATE staffing_version SET version = gen_random_uuid();

-- Multiplied, not divided, so that a sum stays exact with 6 decimals.
CREATE OR REPLACE FUNCTION reporting.stock(authority text, as_at date, as_known_at timestamptz)
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
        sum(staffing.establishment) * 0.000001,
        sum(staffing.in_post) * 0.000001,
        sum(staffing.vacancies) * 0.000001,
        sum(staffing.over_establishment) * 0.000001,
        sum(staffing.agency) * 0.000001,
        sum(staffing.agency_cover) * 0.000001,
        sum(staffing.uncovered) * 0.000001
    FROM public.staffing
    WHERE staffing.authority = stock.authority
        AND staffing.valid_from <= stock.as_at AND stock.as_at < staffing.valid_to
        AND staffing.known_from <= stock.as_known_at AND stock.as_known_at < staffing.known_to
    GROUP BY staffing.role
$$;
