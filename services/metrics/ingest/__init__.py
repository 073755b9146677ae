"""From Kafka to tables: events are taken in, and the timelines they touch are derived."""
