-- Every answer says of when the newest record is that it knows of.
CREATE INDEX inbox_by_time ON inbox (authority, recorded_at);
