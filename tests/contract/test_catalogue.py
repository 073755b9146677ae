"""The catalogue and the code sets, against what is written down elsewhere."""

import re

import pytest

from contracts.catalogue import (
    ALL_TOPICS,
    DEAD_LETTER_TOPICS,
    EVENT_MODELS,
    EVENT_TOPICS,
    PUBLISHERS,
    REQUEST_TOPICS,
    TOPIC_OF_TYPE,
    WATERMARK_TOPICS,
    readers_of,
    topics_owned_by,
    topics_read_by,
    types_on,
)
from contracts.codes import (
    CSWW_LEAVER_DESTINATION,
    CSWW_REASON_LEAVE,
    CSWW_START_ORIGIN,
    AbsenceReason,
    CswwRole,
    Destination,
    LeavingReason,
    Origin,
)
from tests.contract.every_field import EVENT_TYPES

PAST_TENSE = {
    "established", "changed", "closed", "opened", "progressed", "started", "moved", "fte-changed", "merged", "ended",
    "left", "reversed", "decided", "recorded", "counted", "made", "taken-up", "held", "announced",
}  # fmt: skip


TOPICS = {
    # name: written by, read by, partitions, days that records are kept, event types or what else stands there
    "workforce.posts": (
        ["recruitment"], ["metrics"], 6, None, ["post.established", "post.changed", "post.closed"],
    ),
    "workforce.hiring": (
        ["recruitment"], ["metrics", "retention"], 6, None,
        [
            "campaign.opened", "application.progressed", "cohort.opened", "worker.started", "worker.moved",
            "worker.fte-changed", "worker.merged",
        ],
    ),
    "workforce.agency-cover": (
        ["recruitment"], ["metrics"], 6, None, ["cover.started", "cover.changed", "cover.ended"],
    ),
    "workforce.leavers": (
        ["retention"], ["metrics", "recruitment"], 6, None, ["worker.left", "leaver.reversed"],
    ),
    "workforce.progression-panels": (["retention"], ["metrics"], 6, None, ["panel.decided"]),
    "workforce.working-life": (
        ["retention"], ["metrics"], 6, None,
        [
            "absence.recorded", "caseload.counted", "retention-payment.made", "support.taken-up",
            "support-session.held", "demand.counted", "demand.ended",
        ],
    ),
    "workforce.policies": (["retention"], ["metrics"], 6, None, ["initiative.announced"]),
    "workforce.recruitment.dead-letter": (["recruitment"], [], 1, None, "dead-letter"),
    "workforce.retention.dead-letter": (["retention"], [], 1, None, "dead-letter"),
    "workforce.metrics.dead-letter": (["metrics"], [], 1, None, "dead-letter"),
    "workforce.recruitment.watermarks": (["recruitment"], ["metrics", "retention"], 1, 1, "watermark"),
    "workforce.retention.watermarks": (["retention"], ["metrics", "recruitment"], 1, 1, "watermark"),
    "workforce.recruitment.requests": (["metrics", "retention"], ["recruitment"], 1, 1, "republish-request"),
    "workforce.retention.requests": (["metrics", "recruitment"], ["retention"], 1, 1, "republish-request"),
}  # fmt: skip
OF_RECRUITMENT = ["workforce.posts", "workforce.hiring", "workforce.agency-cover"]
OF_RETENTION = ["workforce.leavers", "workforce.progression-panels", "workforce.working-life", "workforce.policies"]


def test_every_topic_is_as_it_is_written_down_here() -> None:
    declared = {
        topic.name: (
            list(topic.written_by),
            list(topic.readers),
            topic.partitions,
            topic.retention_days,
            [event.event_type.removeprefix("uk.workforce.").removesuffix(".v1") for event in topic.events]
            or topic.carries,
        )
        for topic in ALL_TOPICS
    }
    assert declared == TOPICS
    assert list(declared) == list(TOPICS)
    assert len(ALL_TOPICS) == 14
    assert [topic.carries for topic in EVENT_TOPICS] == [""] * 7


def test_every_topic_has_one_owner() -> None:
    owners = {"recruitment": OF_RECRUITMENT, "retention": OF_RETENTION, "metrics": []}
    for owner, names in owners.items():
        others = [f"workforce.{owner}.{rest}" for rest in ("dead-letter", "watermarks", "requests")]
        owned = [topic.name for topic in ALL_TOPICS if topic.owner == owner]
        assert owned == names + (others if names else others[:1])
        assert [topic.name for topic in topics_owned_by(owner)] == names
    assert PUBLISHERS == ("recruitment", "retention")
    assert [topic.name for topic in WATERMARK_TOPICS + REQUEST_TOPICS] == list(TOPICS)[10:]


def test_every_event_type_stands_on_exactly_one_topic() -> None:
    for name, (*_, carries) in TOPICS.items():
        types = [f"uk.workforce.{kind}.v1" for kind in carries] if isinstance(carries, list) else []
        assert types_on(name) == types
        assert [event_type for event_type, topic in TOPIC_OF_TYPE.items() if topic.name == name] == types
    assert list(EVENT_MODELS) == list(TOPIC_OF_TYPE)
    assert [model.event_type for model in EVENT_MODELS.values()] == list(EVENT_MODELS)
    assert len(EVENT_MODELS) == len(EVENT_TYPES)


def test_no_service_reads_what_it_writes_and_metrics_reads_everything() -> None:
    assert [topic.name for topic in EVENT_TOPICS if topic.owner in topic.readers] == []
    assert topics_read_by("metrics") == EVENT_TOPICS
    assert [topic.name for topic in topics_read_by("retention")] == ["workforce.hiring"]
    assert [topic.name for topic in topics_read_by("recruitment")] == ["workforce.leavers"]
    assert topics_owned_by("metrics") == ()
    assert readers_of("recruitment") == ("metrics", "retention")
    assert readers_of("retention") == ("metrics", "recruitment")
    assert readers_of("metrics") == ()


def test_every_reader_has_a_dead_letter_topic_of_its_own() -> None:
    readers = {reader for topic in EVENT_TOPICS for reader in topic.readers}
    assert {topic.owner: topic.name for topic in DEAD_LETTER_TOPICS} == {
        reader: f"workforce.{reader}.dead-letter" for reader in readers
    }


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_an_event_type_is_named_in_the_past_tense_with_its_version(event_type: str) -> None:
    name = re.fullmatch(r"uk\.workforce\.[a-z]+(?:-[a-z]+)*\.([a-z]+(?:-[a-z]+)*)\.v[1-9][0-9]*", event_type)
    assert name is not None
    assert name[1] in PAST_TENSE


def test_csww_role_numbers_are_those_of_the_census() -> None:
    assert {role.name: int(role) for role in CswwRole} == {
        "SENIOR_MANAGER": 1,
        "MIDDLE_MANAGER": 2,
        "FIRST_LINE_MANAGER": 3,
        "SENIOR_PRACTITIONER": 4,
        "CASE_HOLDER": 5,
        "QUALIFIED_WITHOUT_CASES": 6,
    }


def test_csww_start_origin_numbers_are_those_of_the_census() -> None:
    assert CSWW_START_ORIGIN == {
        Origin.NEWLY_QUALIFIED: 1,
        Origin.OTHER_ENGLISH_AUTHORITY: 2,
        Origin.OUTSIDE_ENGLAND: 3,
        Origin.AGENCY_OR_CONSULTANCY: 4,
        Origin.OTHER_SOCIAL_WORK: 5,
        Origin.OTHER_SOCIAL_CARE: 6,
        Origin.NOT_SOCIAL_CARE: 7,
        Origin.OTHER: 8,
        Origin.NOT_KNOWN: 9,
        Origin.NOT_YET_COLLECTED: 10,
    }


def test_csww_leaver_destination_numbers_are_those_of_the_census() -> None:
    assert CSWW_LEAVER_DESTINATION == {
        Destination.OTHER_ENGLISH_AUTHORITY: 1,
        Destination.OUTSIDE_ENGLAND: 2,
        Destination.AGENCY_OR_CONSULTANCY: 3,
        Destination.OTHER_SOCIAL_WORK: 4,
        Destination.OTHER_SOCIAL_CARE: 5,
        Destination.NOT_SOCIAL_CARE: 6,
        Destination.OTHER: 7,
        Destination.NOT_KNOWN: 8,
        Destination.NOT_YET_COLLECTED: 9,
    }


def test_csww_reason_leave_numbers_are_those_of_the_census() -> None:
    assert CSWW_REASON_LEAVE == {
        LeavingReason.RESIGNATION: 1,
        LeavingReason.VOLUNTARY_REDUNDANCY: 2,
        LeavingReason.COMPULSORY_REDUNDANCY: 3,
        LeavingReason.DISMISSED: 4,
        LeavingReason.RETIRED: 5,
        LeavingReason.DECEASED: 6,
        LeavingReason.MOVED_WITHIN_AUTHORITY: 7,
        LeavingReason.OTHER: 8,
        LeavingReason.NOT_KNOWN: 9,
        LeavingReason.NOT_YET_COLLECTED: 10,
    }


def test_csww_absence_reasons_are_those_of_the_census() -> None:
    assert {reason.value for reason in AbsenceReason} == {"MAT", "OTH", "PUB", "SIC", "TRN", "UNA", "UNP"}
