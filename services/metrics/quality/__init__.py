"""Data quality: contradictions and likely mistakes in the events of one authority, and what would mend them.

Invariant: findings follow from the set of known events alone, never from their order or repetition; nothing in here
does I/O. Start at `declaration.py`, then `catalogue.py`.
"""
