"""Timelines: pure folds from sets of events to rows, each true over a stretch of time as known over a stretch of time.

Invariant: a row depends on the set of events alone, never on their order, their number of arrivals or the clock.
Nothing in here does I/O. Start at `rows.py`.
"""
