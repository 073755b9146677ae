"""Benchmarks: `make bench`. Every figure stands beside a floor or a limit that is measured in the same run."""
