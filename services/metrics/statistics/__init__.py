"""Statistics that know nothing of the workforce: control charts, survival."""
