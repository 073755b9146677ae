"""HTTP out: figures, what they are made of, what changed, and what they are compared with.

Invariant: an answer states everything that determined it. Every route reads its parameters by `asking.py` and answers
by `answering.py`.
"""
