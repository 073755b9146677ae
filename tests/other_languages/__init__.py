"""Feeds written in other languages, with the official CloudEvents SDKs: what they send over the wire."""
