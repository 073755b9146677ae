"""One event of a request as the door reads it: what a test takes for parsed, or for rejected, must be so."""

from services.chassis.cloud_events import Incoming, Parsed, Rejected


def parsed(item: Incoming) -> Parsed:
    """An event that is as its contract says."""
    assert isinstance(item, Parsed), item
    return item


def rejected(item: Incoming) -> Rejected:
    """What is not an event."""
    assert isinstance(item, Rejected), item
    return item
