"""Data quality: what the events of one authority cannot agree on, and what would mend it.

Invariant: findings follow from the set of known events alone, never from their order or repetition; nothing in here
does I/O. Start at `declaration.py`, then `catalogue.py`.
"""
