"""The demonstration authority: an invented history of a real authority's published totals (see README.md here).

Invariant: no person in it exists. Counting its events gives every figure that the council printed.
"""

from deploy.demonstration.generator import AwkwardRecord, awkward_records, history

__all__ = ["AwkwardRecord", "awkward_records", "history"]
