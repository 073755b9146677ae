"""Tests of delivery: a package, so that its tests share one running system."""
