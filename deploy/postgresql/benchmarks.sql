-- Run once by psql, as superuser, on a server that version 0.2.0 set up: the database that databases.sql makes on new ones.
\set ON_ERROR_STOP on

CREATE DATABASE benchmarks OWNER metrics
    TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';

REVOKE ALL ON DATABASE benchmarks FROM PUBLIC;
