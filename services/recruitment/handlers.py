"""What recruitment does with events it accepted, beyond keeping and publishing them.

Invariant: a remark never turns an accepted event into a rejected one, because records of HR arrive in any order.
"""

from collections import defaultdict

from contracts.envelope import Event
from contracts.events.posts import PostEstablished
from services.chassis.remarks import Remarks
from services.chassis.runtime import Runtime
from services.recruitment import store
from services.recruitment.rules import posts_established, posts_named


async def notes_on_accepted(runtime: Runtime, events: list[Event]) -> Remarks:
    """Remarks on events that name a post nobody has established yet, by authority and identity."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for event in events:
        named[event.envelope.authority] |= posts_named(event.data)
    unknown: dict[str, set[str]] = {}
    for authority, posts in named.items():
        open_ = posts - (await store.plainly_established(runtime.pool, authority, posts) if posts else set())
        establishing = await store.events_establishing(runtime.pool, authority, open_) if open_ else []
        unknown[authority] = open_ - posts_established(establishing)
    return {
        (event.envelope.authority, event.identity): [
            f"post {post} is not established: {PostEstablished.event_type} for post/{post} has not come yet"
            for post in sorted(posts_named(event.data) & unknown[event.envelope.authority])
        ]
        for event in events
    }
