"""What is new in an extract: statements become facts, and facts become events.

To take in a delivery, first ask `refusing.refused`. Then call, subject by subject, `differing.difference` for those
that the extract names and `differing.missing` for the others.
"""
