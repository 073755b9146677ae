"""What every service runs on: settings, logs, database, journal, relay, delivery, health, authentication.

Invariant: no business word stands in here. A service composes these parts in its own `app.py`.
"""
