"""The fault campaign: rounds of load and faults on the running system, each compared with a system left alone.

Invariant: a seed, a broker and the number of a round give the same events and the same faults at the same moments.

`python -m tests.campaign --help` tells how to run it; `make soak` does for a share of its minutes, `make test` a slice.
"""
