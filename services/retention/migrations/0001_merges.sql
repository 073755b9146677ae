-- The merges of worker numbers, few among many events: a start under the other number of a person counts, too.
CREATE INDEX merges_stated ON inbox (authority) WHERE type = 'uk.workforce.worker.merged.v1';
