"""The register of persons: what names and describes them, encrypted, by authority, with the instants at which it was
known.
"""
