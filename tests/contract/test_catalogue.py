"""The catalogue and the code sets, against what is written down elsewhere."""

import re
from collections import Counter

import pytest

from contracts.catalogue import (
    ALL_TOPICS,
    DEAD_LETTER_TOPICS,
    EVENT_MODELS,
    EVENT_TOPICS,
    TOPIC_OF_TYPE,
    topics_owned_by,
    topics_read_by,
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

PAST_TENSE = {
    "established", "changed", "closed", "opened", "progressed", "started", "moved", "fte-changed", "merged", "ended",
    "left", "reversed", "decided", "recorded", "counted", "made", "taken-up", "held",
}  # fmt: skip


def test_every_event_type_stands_on_exactly_one_topic() -> None:
    times = Counter(event.event_type for topic in ALL_TOPICS for event in topic.events)
    assert set(times.values()) == {1}
    assert len(times) == 23
    assert set(times) == set(EVENT_MODELS) == set(TOPIC_OF_TYPE)


def test_every_topic_has_one_name_and_one_owner() -> None:
    assert len({topic.name for topic in ALL_TOPICS}) == len(ALL_TOPICS) == 13
    assert {topic.name: topic.owner for topic in EVENT_TOPICS} == {
        "workforce.posts": "recruitment",
        "workforce.hiring": "recruitment",
        "workforce.agency-cover": "recruitment",
        "workforce.leavers": "retention",
        "workforce.progression-panels": "retention",
        "workforce.working-life": "retention",
    }


def test_no_service_reads_what_it_writes_and_metrics_reads_everything() -> None:
    assert [topic.name for topic in EVENT_TOPICS if topic.owner in topic.readers] == []
    assert topics_read_by("metrics") == EVENT_TOPICS
    assert [topic.name for topic in topics_read_by("retention")] == ["workforce.hiring"]
    assert [topic.name for topic in topics_read_by("recruitment")] == ["workforce.leavers"]
    assert topics_owned_by("metrics") == ()


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
