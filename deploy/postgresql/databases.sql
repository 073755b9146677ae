-- Run once by psql, as superuser, on a new server: one database and one login role for each service, one more database
-- for metrics, and the role that Grafana reads with. A service's role owns its own and can connect to no other. Passwords come from the
-- environment; where one is missing this stops.
\set ON_ERROR_STOP on
\getenv recruitment_password RECRUITMENT_DATABASE_PASSWORD
\getenv retention_password RETENTION_DATABASE_PASSWORD
\getenv metrics_password METRICS_DATABASE_PASSWORD
\getenv people_password PEOPLE_DATABASE_PASSWORD
\getenv grafana_password GRAFANA_DATABASE_PASSWORD

CREATE ROLE recruitment LOGIN PASSWORD :'recruitment_password';
CREATE ROLE retention LOGIN PASSWORD :'retention_password';
CREATE ROLE metrics LOGIN PASSWORD :'metrics_password';
CREATE ROLE people LOGIN PASSWORD :'people_password';

-- Text is ordered by code point, as in the embedded way: a figure's rows must not hang on the machine's language.
CREATE DATABASE recruitment OWNER recruitment
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
CREATE DATABASE retention OWNER retention
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
CREATE DATABASE metrics OWNER metrics
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
CREATE DATABASE people OWNER people
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';

-- What DfE published, as it was loaded. It is apart from metrics, whose database can be dropped and is filled again.
CREATE DATABASE benchmarks OWNER metrics
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';

-- Everybody may connect to every database unless told otherwise.
REVOKE ALL ON DATABASE recruitment, retention, metrics, people, benchmarks, postgres, template1 FROM PUBLIC;

-- What workforce_reporting may read is granted by the migrations of metrics: the schema reporting and nothing else.
CREATE ROLE workforce_reporting NOLOGIN;
GRANT CONNECT ON DATABASE metrics TO workforce_reporting;
CREATE ROLE grafana LOGIN PASSWORD :'grafana_password' CONNECTION LIMIT 20 IN ROLE workforce_reporting;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';

\connect metrics
REVOKE ALL ON SCHEMA public FROM PUBLIC;
