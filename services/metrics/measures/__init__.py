"""The measures: what each one means, on whose definition, and what it counts in a snapshot.

Invariant: a measure is declared in one place, in one of the modules here; the API, its documentation, the CSV and
docs/measures.md follow from the declaration. To add one, declare it in the module of its family. Start at
`declaration.py`, then `catalogue.py`.
"""
