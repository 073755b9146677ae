"""The register of persons: what names and describes them, encrypted, by authority, as known when."""
