-- A start on the day of a leaver who leaves nothing does not count, whatever was held long before (ADR 0022): whoever has a
-- leaver is derived anew.
INSERT INTO to_derive (authority, subject)
SELECT DISTINCT authority, subject
FROM inbox
WHERE type = 'uk.workforce.worker.left.v1' AND subject LIKE 'worker/%'
ON CONFLICT (authority, subject) DO UPDATE SET failed = NULL;
