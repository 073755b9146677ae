"""Events of two systems that number their own, over Kafka: each arrives once, and is corrected by its own.

Invariant: the establishment was worked out on paper; each post is funded for 1 FTE.
"""

from services.chassis.dead_letters import read_dead_letters
from tests.delivery.feed import Stated, post_established, put_on_topic, record_of, send, stated
from tests.delivery.observing import events_in, eventually, log_of, total
from tests.parts import RealSystem

HR, PORTAL = "/iTrent", "/agency-portal"
AUTHORITY = "829"
MISTAKE = {"because": "entered-in-error"}


def established(id: str, post: str, source: str) -> Stated:
    """A post, by the event of this number in that system."""
    return post_established(post, AUTHORITY) | {"id": id, "source": source}


def void(id: str, post: str, voids: str, **attributes: str) -> Stated:
    """The portal says that an event never happened."""
    event = stated(id, "post.established", f"post/{post}", AUTHORITY, MISTAKE, voids=voids, **attributes)
    return event | {"source": PORTAL}


async def test_ids_of_two_systems_do_not_collide_and_a_withdrawal_finds_the_event_that_it_names(
    standing_system: RealSystem,
) -> None:
    system = standing_system
    events = [
        established("1", "P-1", HR),
        established("1", "P-2", PORTAL),
        established("2", "P-2", HR),
        established("3", "P-3", HR),
        void("11", "P-3", "3"),
        void("12", "P-3", "3", voidssource=HR),
        void("13", "P-2", "2"),
    ]
    assert await send(system.recruitment, events) == ["accepted"] * 7
    # Each once more, as it stands on Kafka already.
    await eventually(lambda: events_in(system.databases["metrics"], "inbox", AUTHORITY), 7)
    logs = (await log_of(system.broker, "recruitment", AUTHORITY)).values()
    records = {record.offset: record for of_partition in logs for record in of_partition}
    stood = [dict(record.headers) for record in records.values()]
    (named,) = [headers for headers in stood if "ce_voidssource" in headers]
    assert (named["ce_source"], named["ce_voids"], named["ce_voidssource"]) == (PORTAL.encode(), b"3", HR.encode())
    await put_on_topic(system.broker, [record_of(event, index) for index, event in enumerate(events, 101)])
    await put_on_topic(system.broker, [record_of(established("5", "P-5", HR), 108)])
    # P-1, P-2 (twice, by either system), P-5: P-3 was withdrawn, though not by the event that left its source out.
    await eventually(lambda: total(system.metrics, "establishment", AUTHORITY), 3.0)
    assert await events_in(system.databases["metrics"], "inbox", AUTHORITY) == 8
    letters = [record async for record in read_dead_letters("metrics", system.broker.servers)]
    assert not [record for record in letters if (record.key or b"").startswith(AUTHORITY.encode())]
