"""People: extracts of HR systems come in here and become events; the only room that knows people by name."""
