-- The register of persons: encrypted under a key for each, which is wrapped by a master key of the settings.

CREATE TABLE person (
    authority text NOT NULL,
    worker text NOT NULL,
    -- Keyed: the staff number in the source. NULL once the person was erased.
    reference_digest bytea,
    master_key text,
    wrapped_key bytea,
    first_known_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_at timestamptz,
    PRIMARY KEY (authority, worker),
    CHECK ((erased_at IS NULL) = (wrapped_key IS NOT NULL))
);
CREATE INDEX person_by_reference ON person (authority, reference_digest);
CREATE INDEX person_by_master_key ON person (master_key);

-- What was known of a person, from when on, by which feed: each change a row.
CREATE TABLE person_details (
    authority text NOT NULL,
    worker text NOT NULL,
    feed text NOT NULL,
    kind text NOT NULL,
    known_from timestamptz NOT NULL,
    -- Keyed: tells a change without reading.
    digest bytea NOT NULL,
    sealed_details bytea NOT NULL,
    PRIMARY KEY (authority, worker, feed, kind, known_from),
    FOREIGN KEY (authority, worker) REFERENCES person (authority, worker)
);

-- Who saw or did what, when and why. It is only ever added to.
CREATE TABLE audit (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    caller text NOT NULL,
    action text NOT NULL,
    authority text NOT NULL,
    worker text,
    reason text
);
CREATE INDEX audit_of_authority ON audit (authority, position);

CREATE FUNCTION refuse_to_change_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit();
