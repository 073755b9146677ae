"""The `data` of every event, one module for each topic."""
