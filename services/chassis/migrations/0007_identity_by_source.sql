-- An event is known by its source and id, as CloudEvents has it: two systems that number their own events do not collide.
-- What an event supersedes or voids is of its own source, or of another that it names.
ALTER TABLE journal ADD COLUMN referred_source text;
ALTER TABLE inbox ADD COLUMN referred_source text;

-- Until now an id alone said which event was meant, whatever its source: such references go on meaning it.
UPDATE journal
SET referred_source = referred.source
FROM journal AS referred
WHERE
    referred.authority = journal.authority AND referred.event_id = coalesce(journal.supersedes, journal.voids)
    AND referred.type = journal.type AND referred.subject = journal.subject AND referred.source <> journal.source;

UPDATE inbox
SET referred_source = referred.source
FROM inbox AS referred
WHERE
    referred.authority = inbox.authority AND referred.event_id = coalesce(inbox.supersedes, inbox.voids)
    AND referred.type = inbox.type AND referred.subject = inbox.subject AND referred.source <> inbox.source;

ALTER TABLE journal DROP CONSTRAINT journal_authority_event_id_key;
ALTER TABLE journal ADD UNIQUE (authority, source, event_id);

ALTER TABLE inbox DROP CONSTRAINT inbox_pkey;
ALTER TABLE inbox ADD PRIMARY KEY (authority, subject, type, source, event_id);
