"""How many small mistakes the tests notice: `make mutate`. Not part of `make test`."""
