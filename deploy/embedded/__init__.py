"""The system on one machine, from wheels alone: PostgreSQL, a Kafka-protocol broker, four services as processes."""
