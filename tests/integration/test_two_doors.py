"""Both doors at once: feeds that send at one moment, withdrawals that come late, corrections that cross.

Invariant: what stands was worked out on paper from what stands here; what one service knows of the other came over
Kafka.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival
from tests.integration.feed import RECORDED, Feed, cloud_event, fault, post_established, worker_left, worker_started
from tests.parts import RealSystem

PAYROLL = "/payroll"
MISTAKE = {"because": "entered-in-error"}
BY_POSITION = "SELECT position, authority, source, event_id, accepted_at FROM journal ORDER BY position"
TAKEN_IN = "SELECT owner, sequence, source, event_id FROM inbox WHERE authority = $1"


async def rows(database: str, query: str, *given: str) -> list[asyncpg.Record]:
    """The rows of a query."""
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetch(query, *given)
    finally:
        await connection.close()


# --- at one moment ----------------------------------------------------------------------------------------------------


async def test_different_events_of_several_feeds_at_one_moment_are_all_accepted_at_positions_without_gaps(
    system: RealSystem, recruitment: Feed, retention: Feed
) -> None:
    sources = [f"/feed-{number}" for number in range(6)]
    requests: list[tuple[Callable[..., httpx.Response], list[CloudEvent]]] = []
    for source in sources:
        of: dict[str, Any] = {"authority": "511", "source": source}
        # All number their own events from 1 on, and name the same posts and workers; one event of a batch is refused.
        requests += [
            (recruitment.structured, [post_established("1", "P-1", **of)]),
            (recruitment.binary, [worker_started("2", "W-1", "P-1", **of)]),
            (recruitment.batch, [post_established(id, "P-2", **of) for id in ("3", "4", "not an id")]),
            (retention.structured, [worker_left("1", "W-1", **of)]),
            (retention.batch, [worker_left(id, "W-2", **of) for id in ("2", "3", "not an id")]),
        ]
    with ThreadPoolExecutor(len(requests)) as senders:
        answers = list(senders.map(lambda request: request[0](*request[1]), requests))
    assert [answer.status_code for answer in answers] == [202, 202, 207, 202, 207] * len(sources)
    results = [result for answer in answers for result in answer.json().get("results", [answer.json()])]
    assert [one["status"] for one in results] == [
        *("accepted", "accepted", "accepted", "accepted", "rejected", "accepted", "accepted", "accepted", "rejected")
    ] * len(sources)

    positions: dict[tuple[str, str, str], int] = {}
    for service, events in (("recruitment", 4), ("retention", 3)):
        journal = await rows(system.databases[service], BY_POSITION)
        assert [row["position"] for row in journal] == list(range(1, len(journal) + 1))
        accepted_at = [row["accepted_at"] for row in journal]
        assert accepted_at == sorted(accepted_at)
        own = {
            (service, row["source"], row["event_id"]): row["position"] for row in journal if row["authority"] == "511"
        }
        assert set(own) == {(service, source, str(id)) for source in sources for id in range(1, events + 1)}
        positions |= own
    await arrival(system.databases["metrics"], "511", {"post/P-1", "post/P-2", "worker/W-1", "worker/W-2"}, 42)
    taken_in = await rows(system.databases["metrics"], TAKEN_IN, "511")
    assert {(row["owner"], row["source"], row["event_id"]): row["sequence"] for row in taken_in} == positions


def test_of_two_events_with_one_id_at_one_moment_one_is_accepted_and_the_other_a_conflict(
    recruitment: Feed, new: str
) -> None:
    events = [post_established(new, f"P-{number}", authority="512") for number in range(8)]
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(recruitment.structured, events))
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * 7]
    (taken,) = (event for event, answer in zip(events, answers, strict=True) if answer.status_code == 202)
    assert recruitment.structured(taken).json()["status"] == "already-known"


def test_one_id_in_two_authorities_at_one_moment_is_two_events(recruitment: Feed, new: str) -> None:
    events = [post_established(new, "P-1", authority=authority) for authority in ("512", "513", "514", "515")]
    with ThreadPoolExecutor(4) as senders:
        assert [answer.status_code for answer in senders.map(recruitment.structured, events)] == [202] * 4
    assert [recruitment.structured(event).json()["status"] for event in events] == ["already-known"] * 4
    # A correction in one authority means the event of that authority: there is none in this one.
    correction = post_established(f"{new}-2", "P-1", authority="516", supersedes=new)
    assert recruitment.structured(correction).json()["notes"] == [
        f"event /coventry/hr#{new} has not come yet: until it does, this one changes nothing of it"
    ]
    assert "notes" not in recruitment.structured(
        post_established(f"{new}-2", "P-1", authority="515", supersedes=new)
    ).json()  # fmt: skip


# --- withdrawn late ---------------------------------------------------------------------------------------------------


async def test_a_start_withdrawn_late_is_withdrawn_where_it_was_known_and_known_again_when_that_is_taken_back(
    system: RealSystem, recruitment: Feed, retention: Feed
) -> None:
    def void(id: str, voids: str) -> CloudEvent:
        return cloud_event("worker.started", "worker/W-1", id, MISTAKE, voids=voids, authority="517")

    no_start = ["no start of worker/W-1 is known: uk.workforce.worker.started.v1 has not come yet"]
    steps = [
        (worker_started("S-1", "W-1", authority="517"), None),
        (void("V-1", "S-1"), no_start),
        (void("V-2", "V-1"), None),
        (void("V-3", "S-1"), no_start),
    ]
    for index, (event, notes) in enumerate(steps, 1):
        assert recruitment.structured(event).status_code == 202
        await arrival(system.databases["retention"], "517", {"worker/W-1"}, index)
        answer = retention.structured(worker_left(f"L-{index}", "W-1", authority="517"))
        assert (index, answer.status_code, answer.json().get("notes")) == (index, 202, notes)


async def test_a_leaver_withdrawn_late_leaves_no_post_vacant_where_it_was_known(
    system: RealSystem, recruitment: Feed, retention: Feed
) -> None:
    def void(id: str, voids: str) -> CloudEvent:
        return cloud_event("worker.left", "worker/W-1", id, MISTAKE, voids=voids, authority="518")

    recruitment.structured(worker_started("S-1", "W-1", "P-1", authority="518"))
    vacant = [{"post": "P-1", "since": "2023-09-30", "because": "left"}]
    steps = [
        (worker_left("L-1", "W-1", authority="518"), vacant),
        (void("V-1", "L-1"), []),
        (void("V-2", "V-1"), vacant),
        (worker_left("L-2", "W-1", "2023-10-01", supersedes="L-1", authority="518"), None),
        (void("V-3", "L-2"), vacant),
    ]
    for index, (event, posts) in enumerate(steps, 1):
        assert retention.structured(event).status_code == 202
        await arrival(system.databases["recruitment"], "518", {"worker/W-1"}, index)
        answer = recruitment.get("/v1/posts/fallen-vacant?authority=518&as_at=2023-10-31").json()["posts"]
        assert (index, answer) == (index, [vacant[0] | {"since": "2023-10-01"}] if posts is None else posts)


def test_what_the_other_service_accepted_is_withdrawn_there_and_not_here(recruitment: Feed, retention: Feed) -> None:
    of: dict[str, Any] = {"authority": "519"}
    assert retention.structured(worker_left("1", "W-1", **of)).status_code == 202
    void = cloud_event("worker.left", "worker/W-1", "2", MISTAKE, voids="1", **of)
    refused = fault(recruitment.structured(void), 422)
    assert (refused["field"], refused["problem"]) == ("type", "belongs to retention")
    # The door of hiring has no event 1 of its own, though retention has: a void of it there says so.
    ours = cloud_event("worker.started", "worker/W-1", "2", MISTAKE, voids="1", **of)
    assert recruitment.structured(ours).json()["notes"] == [
        "event /coventry/hr#1 has not come yet: until it does, this one changes nothing of it"
    ]
    assert "notes" not in retention.structured(void).json()


async def test_today_a_post_fell_vacant_whose_occupant_left_today_and_not_one_whose_occupant_leaves_tomorrow(
    system: RealSystem, recruitment: Feed, retention: Feed
) -> None:
    # The day before and the day after the middle of the test, in case it runs over midnight.
    now = datetime.now(UTC).date()
    days = {"W-1": now - timedelta(days=1), "W-2": now + timedelta(days=2)}
    for worker, day in days.items():
        recruitment.structured(worker_started(f"S-{worker}", worker, f"P-{worker}", authority="520"))
        retention.structured(worker_left(f"L-{worker}", worker, day.isoformat(), authority="520"))
    await arrival(system.databases["recruitment"], "520", {"worker/W-1", "worker/W-2"}, 2)
    answer = recruitment.get("/v1/posts/fallen-vacant?authority=520").json()
    assert answer["posts"] == [{"post": "P-W-1", "since": days["W-1"].isoformat(), "because": "left"}]
    assert answer["as_at"] in {now.isoformat(), datetime.now(UTC).date().isoformat()}
    beyond = recruitment.get(f"/v1/posts/fallen-vacant?authority=520&as_at={days['W-2']}").json()
    assert [post["post"] for post in beyond["posts"]] == ["P-W-1", "P-W-2"]


# --- corrected in several ways ----------------------------------------------------------------------------------------


def established(id: str, post: str, fte: int, minute: int, source: str = "/coventry/hr", **more: Any) -> CloudEvent:
    """A post's establishment for this FTE, recorded at this minute."""
    data = {
        "effective_from": "2023-04-01",
        "role": "social-worker",
        "funded_fte": fte,
        "team": "duty",
        "service_area": "help",
    }
    time = RECORDED.replace(minute=minute)
    return cloud_event("post.established", f"post/{post}", id, data, source=source, time=time, authority="521", **more)


def withdrawn(id: str, post: str, minute: int, voids: str, source: str = "/coventry/hr", **more: Any) -> CloudEvent:
    """The event that an establishment never happened."""
    more |= {"time": RECORDED.replace(minute=minute), "authority": "521", "source": source, "voids": voids}
    return cloud_event("post.established", f"post/{post}", id, MISTAKE, **more)


CHAINS: dict[str, tuple[list[CloudEvent], set[str], int]] = {
    # post: what was sent, what stands of it, and the FTE that it is funded for
    "two-corrections": (
        [
            established("A-1", "two-corrections", 1, 1),
            established("A-2", "two-corrections", 2, 2, supersedes="A-1"),
            established("A-3", "two-corrections", 3, 3, supersedes="A-1"),
        ],
        {"A-3"},
        3,
    ),
    "two-corrections-the-later-withdrawn": (
        [
            established("B-1", "two-corrections-the-later-withdrawn", 1, 1),
            established("B-2", "two-corrections-the-later-withdrawn", 2, 2, supersedes="B-1"),
            established("B-3", "two-corrections-the-later-withdrawn", 3, 3, supersedes="B-1"),
            withdrawn("B-4", "two-corrections-the-later-withdrawn", 4, "B-3"),
        ],
        {"B-2"},
        2,
    ),
    "two-chains": (
        [
            established("C-1", "two-chains", 1, 1),
            established("C-2", "two-chains", 2, 2, supersedes="C-1"),
            established("C-3", "two-chains", 3, 3, supersedes="C-1"),
            established("C-4", "two-chains", 4, 4, supersedes="C-2"),
        ],
        {"C-4"},
        4,
    ),
    "chain-of-three-without-its-middle": (
        [
            established("D-1", "chain-of-three-without-its-middle", 1, 1),
            established("D-2", "chain-of-three-without-its-middle", 2, 2, supersedes="D-1"),
            established("D-3", "chain-of-three-without-its-middle", 3, 3, supersedes="D-2"),
            withdrawn("D-4", "chain-of-three-without-its-middle", 4, "D-2"),
        ],
        {"D-3"},
        3,
    ),
    "circle": (
        [
            established("E-1", "circle", 1, 1, supersedes="E-3"),
            established("E-2", "circle", 2, 2, supersedes="E-1"),
            established("E-3", "circle", 3, 3, supersedes="E-2"),
        ],
        set(),
        0,
    ),
    "void-corrected": (
        [
            established("F-1", "void-corrected", 1, 1),
            withdrawn("F-2", "void-corrected", 2, "F-1"),
            established("F-3", "void-corrected", 3, 3, supersedes="F-2"),
        ],
        {"F-3"},
        3,
    ),
    "correction-withdrawn": (
        [
            established("G-1", "correction-withdrawn", 1, 1),
            established("G-2", "correction-withdrawn", 2, 2, supersedes="G-1"),
            withdrawn("G-3", "correction-withdrawn", 3, "G-2"),
        ],
        {"G-1"},
        1,
    ),
    "first-withdrawn-after-its-correction": (
        [
            established("H-1", "first-withdrawn-after-its-correction", 1, 1),
            established("H-2", "first-withdrawn-after-its-correction", 2, 2, supersedes="H-1"),
            withdrawn("H-3", "first-withdrawn-after-its-correction", 3, "H-1"),
        ],
        {"H-2"},
        2,
    ),
    "corrected-by-another-source": (
        [
            established("I-1", "corrected-by-another-source", 1, 1),
            established(
                "I-1", "corrected-by-another-source", 2, 2, PAYROLL, supersedes="I-1", supersedessource="/coventry/hr"
            ),
            established("I-2", "corrected-by-another-source", 3, 3, PAYROLL, supersedes="I-1"),
        ],
        {"I-2"},
        3,
    ),
}


@pytest.fixture(scope="module")
def metrics(system: RealSystem) -> Feed:
    """Where figures are asked for."""
    return Feed(system.metrics.url)


async def test_corrections_that_cross_end_the_same_way_in_whichever_order_they_come(
    system: RealSystem, recruitment: Feed, metrics: Feed
) -> None:
    events = [event for sent, _, _ in CHAINS.values() for event in sent]
    # The last first: nearly every reference is to what has not come yet.
    assert recruitment.batch(*reversed(events)).status_code == 202
    await arrival(system.databases["metrics"], "521", {f"post/{post}" for post in CHAINS}, len(events))
    in_force = {}
    for post in CHAINS:
        known = metrics.get(f"/v1/subjects/post/{post}?authority=521").json()["events"]
        in_force[post] = {one["id"] for one in known if one["in_force"]}
    assert in_force == {post: stands for post, (_, stands, _) in CHAINS.items()}
    total = metrics.get("/v1/measures/establishment?authority=521&as_at=2023-10-31").json()["total"]
    assert total == sum(fte for _, _, fte in CHAINS.values()) == 21
    # At the door, too: a start in each of these posts is told only of the one that nobody has established.
    for post, (_, stands, _) in CHAINS.items():
        notes = recruitment.structured(worker_started(f"S-{post}", post, post, authority="521")).json().get("notes", [])
        assert [note.split(":")[0] for note in notes] == ([] if stands else [f"post {post} is not established"])
