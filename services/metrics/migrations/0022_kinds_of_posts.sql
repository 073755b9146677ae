-- What dashboards offer to choose from: every role and team that an authority's posts had at any time, so that all of them
-- chosen together are all there is.
CREATE VIEW reporting.kind_of_post AS SELECT DISTINCT authority, role, team FROM public.staffing;
COMMENT ON VIEW reporting.kind_of_post IS 'The roles and teams that posts had at any time; null where none was stated.';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workforce_reporting') THEN
        GRANT SELECT ON reporting.kind_of_post TO workforce_reporting;
    END IF;
END
$$;
