"""People: takes in extracts of HR systems and makes events of them. The only service that knows people by name."""
