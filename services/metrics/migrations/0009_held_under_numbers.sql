-- Who works without fixed hours holds a post at an FTE of 0.
ALTER TABLE occupancy DROP CONSTRAINT occupancy_fte_check;
ALTER TABLE occupancy ADD CONSTRAINT occupancy_fte_check CHECK (fte >= 0);

-- Whom another meaning of leavers, merges or an FTE of 0 concerns is derived anew (ADR 0022).
INSERT INTO to_derive (authority, subject)
SELECT DISTINCT authority, subject
FROM inbox
WHERE subject LIKE 'worker/%'
ON CONFLICT (authority, subject) DO UPDATE SET failed = NULL;
