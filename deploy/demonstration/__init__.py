"""The demonstration authority: an invented history of a real authority's published totals (see README.md here).

Invariant: no person in it exists; every figure the council printed comes out of it by counting its events.
"""

from deploy.demonstration.generator import AwkwardRecord, awkward_records, history

__all__ = ["AwkwardRecord", "awkward_records", "history"]
