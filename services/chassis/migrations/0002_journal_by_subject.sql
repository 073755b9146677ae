-- What is known of a subject is looked up with every request, to tell the sender about a post or a start that is missing.
CREATE INDEX journal_by_subject ON journal (authority, subject);
