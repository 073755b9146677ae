"""The shared language of the services: what may stand on Kafka, and nothing else.

Invariant: this package does no I/O and imports no service, so every service and every test can read it.
Start at `catalogue.py` (which topics there are, who writes and reads them), then `envelope.py`, then `events/`.
"""
