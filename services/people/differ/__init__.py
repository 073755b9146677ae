"""What an extract says that the one before did not: statements become facts, and facts become events."""
