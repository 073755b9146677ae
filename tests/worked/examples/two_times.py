"""Two times: what is true as at a date, as known at an instant; corrections, voids, and what was still to come."""

from tests.worked.example import asked, example
from tests.worked.stated import absent, caseload, changed, children, covered, fte_changed, left, moved, post, started

BEFORE = "2022-01-03"
FEBRUARY = "2023-02-01..2023-02-28"
SECOND_OF_MARCH = "2023-03-02T09:00:00Z"

_START = started("W-1", "2023-02-01").named("start").recorded("2023-02-02T09:00:00Z")
_LEAVER = left("W-1", "2023-05-01").named("leaver").recorded("2023-05-02T09:00:00Z")
_VOID = _LEAVER.never_happened("void").recorded("2023-05-03T09:00:00Z")

EXAMPLES = (
    example(
        "an event is known at the very instant of its recording and not a microsecond before",
        post("P-1", BEFORE),
        started("W-1", "2023-02-01", fte=0.5).recorded("2023-03-02T09:00:00.000001Z"),
        covered("C-1", "2023-02-01", fte=0.4).recorded("2023-03-02T09:00:00.000001Z"),
        *(
            asked(
                measure, "2023-02-15", known if instant.endswith("1Z") or "+" in instant else not_known, known=instant
            )
            for measure, not_known, known in (
                ("in-post", 0, "0.5"),
                ("vacancies", 1, "0.5"),
                ("uncovered-vacancies", 1, "0.1"),
                ("agency-cover", 0, "0.4"),
                ("in-post-headcount", 0, 1),
                ("agency-headcount", 0, 1),
                ("starters", 0, 1),
                ("vacancy-rate", 100, 50),
            )
            for instant in (
                "2023-03-02T09:00:00.000000Z",
                "2023-03-02T09:00:00.000001Z",
                "2023-03-02T10:00:00.000001+01:00",
            )
        ),
    ),
    example(
        "a start corrected counts on its first day until the correction is known",
        post("P-1", BEFORE),
        _START,
        started("W-1", "2023-03-01").superseding("start").recorded(SECOND_OF_MARCH),
        asked("starters", FEBRUARY, 1, known="2023-03-02T08:59:59.999999Z"),
        asked("starters", FEBRUARY, 0, known=SECOND_OF_MARCH),
        asked("starters", "2023-03-01..2023-03-01", 1, known=SECOND_OF_MARCH),
        asked("in-post", "2023-02-28", 1, known="2023-03-02T08:59:59.999999Z"),
        asked("in-post", "2023-02-28", 0, known=SECOND_OF_MARCH),
        asked("in-post", "2023-03-01", 1, known=SECOND_OF_MARCH),
    ),
    example(
        "of two corrections of one event the one recorded last counts, and each of its own instant",
        post("P-1", BEFORE),
        _START,
        started("W-1", "2023-02-01", fte=0.8).superseding("start").recorded("2023-02-03T09:00:00Z"),
        started("W-1", "2023-02-01", fte=0.6).superseding("start").recorded("2023-02-04T09:00:00Z"),
        asked("in-post", "2023-02-02", 1, known="2023-02-03T08:59:59Z"),
        asked("in-post", "2023-02-02", "0.8", known="2023-02-03T09:00:00Z"),
        asked("in-post", "2023-02-02", "0.6", known="2023-02-04T09:00:00Z"),
        asked("starters", FEBRUARY, 1),
        asked("starters-fte", FEBRUARY, "0.6"),
    ),
    example(
        "a correction of a correction counts in place of both",
        post("P-1", BEFORE),
        _START,
        started("W-1", "2023-02-01", fte=0.8).named("second").superseding("start").recorded("2023-02-05T09:00:00Z"),
        started("W-1", "2023-02-01", fte=0.6).superseding("second").recorded("2023-02-04T09:00:00Z"),
        # Known by the 4th, before what it corrects: then it is but another start, of the same day, recorded last.
        asked("in-post", "2023-02-02", "0.6", known="2023-02-04T09:00:00Z"),
        asked("in-post", "2023-02-02", "0.6", known="2023-02-05T09:00:00Z"),
        asked("starters", FEBRUARY, 1),
    ),
    example(
        "a void counts from its recording on, and one that is voided counts no more",
        post("P-1", BEFORE),
        started("W-1", BEFORE),
        _LEAVER,
        _VOID,
        _VOID.never_happened("void-of-void").recorded("2023-05-04T09:00:00Z"),
        asked("in-post", "2023-05-01", 0, known="2023-05-03T08:59:59.999999Z"),
        asked("in-post", "2023-05-01", 1, known="2023-05-03T09:00:00Z"),
        asked("leavers", "2023-05-01..2023-05-01", 0, known="2023-05-03T09:00:00Z"),
        asked("in-post", "2023-05-01", 0, known="2023-05-04T09:00:00Z"),
        asked("leavers", "2023-05-01..2023-05-01", 1),
    ),
    example(
        "a correction that is voided leaves what it corrected",
        post("P-1", BEFORE),
        started("W-1", BEFORE),
        _LEAVER,
        (correction := left("W-1", "2023-06-01").named("correction").superseding("leaver")).recorded(
            "2023-05-03T09:00:00Z"
        ),
        correction.never_happened("void").recorded("2023-06-02T09:00:00Z"),
        asked("in-post", "2023-05-01", 1, known="2023-06-02T08:59:59Z"),
        asked("in-post", "2023-05-01", 0, known="2023-06-02T09:00:00Z"),
        asked("leavers", "2023-05-01..2023-05-01", 1),
        asked("leavers", "2023-06-01..2023-06-01", 0),
    ),
    example(
        "a void of what nobody recorded, or of another system, changes nothing",
        post("P-1", BEFORE, fte=2),
        _START,
        started("W-2", "2023-02-01").named("nothing").never_happened("void-1"),
        started("W-1", "2023-02-01").named("start").never_happened("void-2").by("/another/hr"),
        asked("in-post", "2023-02-02", 1),
        asked("starters", FEBRUARY, 1),
    ),
    example(
        "a void of another subject's event changes nothing",
        post("P-1", BEFORE, fte=2),
        _START,
        started("W-2", "2023-02-01").named("start").never_happened("void"),
        asked("in-post", "2023-02-02", 1),
        not_over_http="the door, which knows the event that is meant, refuses it",
    ),
    example(
        "posts assignments absences caseloads and children are corrected and voided alike",
        (established := post("P-1", BEFORE, fte=2).named("post")),
        post("P-1", BEFORE, fte=3).superseding("post"),
        (change := changed("P-1", "2023-02-01", funded_fte=9).named("change")),
        change.never_happened("no-change"),
        (cover := covered("C-1", BEFORE, fte=0.5).named("cover")),
        covered("C-1", BEFORE, fte=0.6).superseding("cover"),
        started("W-1", BEFORE),
        (absence := absent("W-1", "2023-02-06", "2023-02-11", 5).named("absence")),
        absence.never_happened("no-absence"),
        caseload("W-1", "2023-09-30", 10).named("count"),
        caseload("W-1", "2023-09-30", 12).superseding("count"),
        children("D-1", "2023-09-30", 34).named("children"),
        children("D-1", "2023-09-30", 35).superseding("children"),
        asked("establishment", "2023-09-30", 3),
        asked("agency", "2023-09-30", "0.6"),
        asked("working-days-lost", "census 2023", 0),
        asked("cases", "2023-09-30", 12),
        asked("children", "2023-09-30", 35),
    ),
    example(
        "of facts of one day the one recorded last counts",
        post("P-1", BEFORE, fte=9),
        started("W-1", BEFORE),
        fte_changed("W-1", "2023-02-01", 0.4).recorded("2023-02-03T09:00:00Z"),
        fte_changed("W-1", "2023-02-01", 0.7).recorded("2023-02-02T09:00:00Z"),
        changed("P-1", "2023-02-01", funded_fte=8).recorded("2023-02-03T09:00:00Z"),
        changed("P-1", "2023-02-01", funded_fte=7).recorded("2023-02-02T09:00:00Z"),
        asked("in-post", "2023-02-02", "0.7", known="2023-02-02T09:00:00Z"),
        asked("in-post", "2023-02-02", "0.4"),
        asked("establishment", "2023-02-02", 7, known="2023-02-02T09:00:00Z"),
        asked("establishment", "2023-02-02", 8),
    ),
    example(
        "of one instant the higher sourcesequence is the later, as numbers",
        post("P-1", BEFORE),
        started("W-1", BEFORE),
        fte_changed("W-1", "2023-02-01", 0.4).recorded("2023-02-02T09:00:00Z").by("/worked/hr", "10"),
        fte_changed("W-1", "2023-02-01", 0.7).recorded("2023-02-02T09:00:00Z").by("/worked/hr", "9"),
        fte_changed("W-1", "2023-02-01", 0.8).recorded("2023-02-02T09:00:00Z"),
        asked("in-post", "2023-02-01", "0.4"),
    ),
    example(
        "of one instant and two systems the second in the alphabet is the later",
        post("P-1", BEFORE),
        started("W-1", BEFORE),
        fte_changed("W-1", "2023-02-01", 0.4).recorded("2023-02-02T09:00:00Z").by("/worked/payroll"),
        fte_changed("W-1", "2023-02-01", 0.7).recorded("2023-02-02T09:00:00Z").by("/worked/hr", "10"),
        asked("in-post", "2023-02-01", "0.4"),
    ),
    example(
        "of one day a start counts before a move, and both before an FTE, however they were recorded",
        *(post(name, BEFORE) for name in ("P-1", "P-2")),
        fte_changed("W-1", "2023-02-01", 0.3, "P-2"),
        moved("W-1", "2023-02-01", "P-1", "P-2", 0.7),
        started("W-1", "2023-02-01", "P-1"),
        asked("in-post", "2023-02-01", "0.3", by="team", rows={"p-2": "0.3"}),
        asked("starters-fte", "2023-02-01..2023-02-01", "0.3"),
    ),
    example(
        "what was accepted after a report changes none of its digits, whenever it was recorded",
        post("P-1", BEFORE),
        started("W-1", BEFORE).accepted("2023-06-01T09:00:00Z"),
        asked("in-post", "2023-02-01", 0, accepted="2023-06-01T08:59:59.999999Z"),
        asked("in-post", "2023-02-01", 1, accepted="2023-06-01T09:00:00Z"),
        asked("in-post", "2023-02-01", 1),
        not_over_http="the door says itself when it accepted an event: the instant cannot be chosen",
    ),
    example(
        "a year under way ends with the day it is known on, and what is to come has no figure yet",
        post("P-1", BEFORE, fte=9),
        *(started(f"W-{number}", BEFORE) for number in (1, 2, 3)),
        left("W-1", "2023-05-14"),
        left("W-2", "2023-05-15"),
        left("W-3", "2023-05-16"),
        asked("leavers", "census 2023", 2, known="2023-05-15T12:00:00Z"),
        asked("leavers", "census 2023", 1, known="2023-05-14T23:59:59Z"),
        asked("leavers", "census 2023", 2, known="2023-05-15T00:00:00Z"),
        asked("leavers", "census 2023", 3, known="2023-05-15T12:00:00Z", planned=True),
        asked("leavers", "2023-05-15", 2, known="2023-05-15T12:00:00Z"),
        asked("leavers", "2023-05-16", "not-yet", known="2023-05-15T12:00:00Z"),
        asked("in-post", "2023-05-15", 1, known="2023-05-15T12:00:00Z"),
        asked("in-post", "2023-05-16", "not-yet", known="2023-05-15T12:00:00Z"),
        asked("in-post", "2023-05-16", 0, known="2023-05-15T12:00:00Z", planned=True),
        asked("in-post", "2023-05-16", 0, known="2023-05-16T00:00:00Z"),
        asked("leavers", "2023-05-16..2023-05-31", "not-yet", known="2023-05-15T12:00:00Z"),
        asked("vacancy-rate", "2023-05-16", "not-yet", known="2023-05-15T12:00:00Z"),
        asked("turnover-rate", "2023-09-30", "not-yet", known="2023-05-15T12:00:00Z"),
        # Two leavers, and one in post.
        asked("turnover-rate", "census 2023", 200, known="2023-05-15T12:00:00Z"),
    ),
)
