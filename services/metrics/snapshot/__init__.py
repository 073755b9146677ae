"""The snapshot: all that the events of one authority say, as known at one instant, worked out for measures to count.

Invariant: a snapshot is a pure function of a set of events; it has no second story of who holds what, but asks the same
step functions as the timelines (`contracts/occupying.py`, `services/metrics/timelines`). Start at `snapshot.py`.
"""
