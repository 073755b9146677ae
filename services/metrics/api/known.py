"""Of which authorities anything is known, and the refusal of those of which nothing is: that is not the same as 0.

Invariant: every route that refuses such an authority does so here. An authority is known once one event of it is,
though that may be withdrawn.
"""

from datetime import datetime

from contracts.envelope import format_instant
from services.metrics.api.computing import Computation
from services.metrics.api.no_authority import NoSuchAuthority
from services.metrics.ingest import store
from services.metrics.snapshot.snapshot import Snapshot


async def snapshot_of_known(
    computation: Computation, authority: str, as_known_at: datetime, as_accepted_at: datetime | None
) -> Snapshot:
    """The snapshot of an authority. Raises a 404 problem if nothing was known of it."""
    snapshot = await computation.read_cache.authorities.snapshot(authority, as_known_at, as_accepted_at)
    if not snapshot.events:
        raise no_such_authority(authority, as_known_at, as_accepted_at)
    return snapshot


async def is_known(
    computation: Computation, authority: str, as_known_at: datetime, as_accepted_at: datetime | None
) -> bool:
    """Whether anything was known of an authority, without its snapshot."""
    return await store.has_events(computation.read_cache.readers, authority, as_known_at, as_accepted_at)


async def refuse_unknown(
    computation: Computation, authority: str, as_known_at: datetime, as_accepted_at: datetime | None
) -> None:
    """Raises a 404 problem if nothing was known of an authority."""
    if not await is_known(computation, authority, as_known_at, as_accepted_at):
        raise no_such_authority(authority, as_known_at, as_accepted_at)


def no_such_authority(authority: str, as_known_at: datetime, as_accepted_at: datetime | None = None) -> NoSuchAuthority:
    """The answer of an authority of which nothing was known."""
    accepted = "" if as_accepted_at is None else f" and accepted at {format_instant(as_accepted_at)}"
    detail = f"No event of authority {authority} was known at {format_instant(as_known_at)}{accepted}."
    return NoSuchAuthority(authority, detail)
