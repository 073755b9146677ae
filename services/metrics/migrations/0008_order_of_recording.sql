-- What was recorded at one instant was followed in the order of the journal, and is in an order that the feeds state (ADR
-- 0017): whoever has an event that shares its instant with another is derived anew.
INSERT INTO to_derive (authority, subject)
SELECT DISTINCT authority, subject
FROM inbox
WHERE
    (authority, recorded_at) IN (SELECT authority, recorded_at FROM inbox GROUP BY authority, recorded_at HAVING count(*) > 1)
    AND (subject LIKE 'post/%' OR subject LIKE 'worker/%' OR subject LIKE 'cover/%')
ON CONFLICT DO NOTHING;
