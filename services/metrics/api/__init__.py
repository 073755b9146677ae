"""HTTP out: figures, what they are made of, what changed, and what they are compared with.

Invariant: an answer states everything that determined it. Every route reads its parameters by `query.py` and answers
by `responses.py`.
"""
