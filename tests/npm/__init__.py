"""Packages of npm that checks and tests need, fetched once by their lock."""

from tests.npm.fetching import fetch, why_not

__all__ = ["fetch", "why_not"]
