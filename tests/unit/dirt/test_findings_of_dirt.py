"""What is found of dirt: that there is too much of one thing, and no finding that names thousands."""

from datetime import date

import pytest

from contracts.envelope import Event
from services.metrics.quality import effect as effects
from services.metrics.quality.catalogue import CHECKS, findings
from services.metrics.quality.declaration import MOST_NAMED, Finding
from services.metrics.quality.effect import effect
from services.metrics.snapshot.snapshot import Snapshot
from tests.dirt import KINDS

AS_AT = date(2012, 6, 30)


def findings_of(check: str, events: list[Event]) -> list[Finding]:
    return findings(Snapshot(events), AS_AT, [CHECKS[check]])


def test_a_worker_of_more_than_a_thousand_events_is_found() -> None:
    assert [finding.message for finding in findings_of("very-many-records", KINDS["ftes of one day"](1000))] == [
        "1,001 events are recorded of worker/W-1: more than can be true of one."
    ]
    assert findings_of("very-many-records", KINDS["ftes of one day"](999)) == []


def test_a_post_on_which_more_than_a_thousand_stand_is_found() -> None:
    assert [finding.message for finding in findings_of("very-many-records", KINDS["occupants on one day"](1001))] == [
        "1,001 workers and assignments stand on post/P-1: more than can be true of one post."
    ]
    assert findings_of("very-many-records", KINDS["occupants on one day"](1000)) == []


@pytest.mark.parametrize("kind", ["occupants on one day", "posts of one worker", "covers not held", "absences"])
def test_no_finding_names_more_than_can_be_read(kind: str) -> None:
    events = KINDS[kind](400)
    for finding in findings(Snapshot(events), AS_AT):
        assert 0 < len(finding.subjects) <= 1 + 2 * MOST_NAMED, finding.message
        assert 0 < len(finding.events) <= 1 + 5 * MOST_NAMED, finding.message


def test_of_many_occupants_a_finding_names_the_first_and_tells_the_fte_of_all() -> None:
    (finding,) = findings_of("occupants-above-funded-fte", KINDS["occupants on one day"](400))
    assert finding.message == "post/P-1 has 399 FTE in post above its funded FTE from 2010-01-05 on."
    assert finding.subjects[:3] == ("post/P-1", "worker/W-0", "worker/W-1")
    assert len(finding.subjects) == 1 + MOST_NAMED


def test_a_move_beside_many_posts_names_the_first_and_says_how_many_more_were_held() -> None:
    events = [*KINDS["posts of one worker"](60), *KINDS["moves from elsewhere"](61)[60:]]
    (finding,) = findings_of("move-from-post-not-held", events)
    assert "held post/P-0, post/P-1, post/P-10," in finding.message
    assert finding.message.endswith("and 10 more.")


def test_an_effect_is_not_worked_out_where_too_much_stands_around(monkeypatch: pytest.MonkeyPatch) -> None:
    events = KINDS["moves from elsewhere"](20)
    first = findings_of("move-from-post-not-held", events)[0]
    assert effect(Snapshot(events), first, AS_AT).moves is not None
    monkeypatch.setattr(effects, "MOST_AROUND", 19)
    assert effect(Snapshot(events), first, AS_AT).moves is None
