"""The snapshot: everything that the events of one authority say, as known at one instant, in a form that measures
can count.

Invariant: a snapshot is a pure function of a set of events. It has no rules of its own about who holds what, but
uses the same step functions as the timelines (`contracts/occupying.py`, `services/metrics/timelines`). Start at
`snapshot.py`.
"""
