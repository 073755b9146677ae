-- Subjects whose timelines are to be derived: filled while many events wait, so that each subject is derived once.
CREATE TABLE to_derive (
    authority text NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (authority, subject)
);
