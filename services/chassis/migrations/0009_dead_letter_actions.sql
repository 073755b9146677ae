-- The dead letters that this service made, each record once, and what was done with each: by whom, when, why. Rows of both
-- are only ever added. A letter is known by where its record stood and by what it was (its SHA-256).
CREATE TABLE dead_letter (
    letter text PRIMARY KEY,
    topic text NOT NULL,
    cause text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE dead_letter_action (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter text NOT NULL,
    action text NOT NULL CHECK (action IN ('shown', 'sent-again', 'mended', 'dismissed')),
    by_whom text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text
);
CREATE INDEX dead_letter_action_by_letter ON dead_letter_action (letter, number);

CREATE FUNCTION refuse_to_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', tg_table_name;
END
$$;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON dead_letter
FOR EACH ROW EXECUTE FUNCTION refuse_to_change();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON dead_letter_action
FOR EACH ROW EXECUTE FUNCTION refuse_to_change();
