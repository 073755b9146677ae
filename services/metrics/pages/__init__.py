"""Pages for the workforce team: what the API answers, for people to look at.

Invariant: no figure is worked out here. A page asks the API's own routes, in this process, as its caller may.
"""
