"""What an extract says that the one before did not: statements become facts, and facts become events.

Whoever takes in a delivery asks `refusing.refused` first; then, subject by subject, `differing.difference` of those
that the extract names and `differing.missing` of the others.
"""
