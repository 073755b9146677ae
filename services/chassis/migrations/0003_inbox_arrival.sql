-- In which order events were taken in: who keeps an authority's events in memory asks for those that came since.
ALTER TABLE inbox ADD COLUMN arrival bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX inbox_by_arrival ON inbox (authority, arrival);
