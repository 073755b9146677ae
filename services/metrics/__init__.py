"""Metrics: timelines of workers, posts and agency cover, and the figures that are sums over them."""
