"""Examples worked out by hand: one home of what happened, what was asked and what the answer is.

Invariant: an example is plain data; no expectation in it was computed by code of this project.
"""
