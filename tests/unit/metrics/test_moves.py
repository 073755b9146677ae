"""What a move is, beside how many there are: which posts, at which FTE, and of what the post is on the day."""

from datetime import date

from services.metrics.snapshot.snapshot import Snapshot
from tests.worked.answers import events_of
from tests.worked.example import example
from tests.worked.stated import changed, fte_changed, moved, post, started


def test_a_move_has_the_fte_and_the_post_as_they_are_held_on_the_day() -> None:
    told = example(
        "",
        post("P-1", "2022-01-03"),
        post("P-2", "2022-01-03"),
        changed("P-2", "2023-05-01", team="south"),
        changed("P-2", "2023-05-02", team="north"),
        started("W-1", "2022-01-03", "P-1"),
        moved("W-1", "2023-05-01", "P-1", "P-2", 0.6, kind="secondment"),
        fte_changed("W-1", "2023-05-01", 0.5, "P-2"),
        fte_changed("W-1", "2023-05-02", 0.4, "P-2"),
    )
    (move,) = Snapshot(events_of(told, "331")).moves
    assert (move.person, move.moved_on, move.from_post, move.to_post) == ("W-1", date(2023, 5, 1), "P-1", "P-2")
    assert (move.kind, move.fte, move.dimensions.team) == ("secondment", 500_000, "south")
