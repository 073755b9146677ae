-- The merges of worker numbers, few among many events: with every worker those are derived that merges link with it.
CREATE INDEX merges_stated ON inbox (authority) WHERE type = 'uk.workforce.worker.merged.v1' AND voids IS NULL;
