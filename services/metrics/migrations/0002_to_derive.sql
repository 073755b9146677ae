-- Subjects whose timelines are to be derived: filled while many events wait, so that each subject is derived once.
CREATE TABLE to_derive (
    authority text NOT NULL,
    subject text NOT NULL,
    -- Why it could not be derived; then it waits for a new event, and the others go on.
    failed text,
    PRIMARY KEY (authority, subject)
);
