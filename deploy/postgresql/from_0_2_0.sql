-- Run once by psql, as superuser, on a server that version 0.2.0 set up: the role and the databases that databases.sql
-- makes on new ones since. The password comes from the environment; where it is missing this stops.
\set ON_ERROR_STOP on
\getenv people_password PEOPLE_DATABASE_PASSWORD

CREATE ROLE people LOGIN PASSWORD :'people_password';

CREATE DATABASE people OWNER people
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
CREATE DATABASE benchmarks OWNER metrics
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';

REVOKE ALL ON DATABASE people, benchmarks FROM PUBLIC;
