-- Run by psql, as superuser, while metrics is stopped: its database is dropped and made as databases.sql makes it. Metrics
-- fills it again from the journals of recruitment and retention. What DfE published, and reports, stand in the database benchmarks.
\set ON_ERROR_STOP on

DROP DATABASE metrics WITH (FORCE);

CREATE DATABASE metrics OWNER metrics
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';

REVOKE ALL ON DATABASE metrics FROM PUBLIC;
GRANT CONNECT ON DATABASE metrics TO workforce_reporting;

\connect metrics
REVOKE ALL ON SCHEMA public FROM PUBLIC;
