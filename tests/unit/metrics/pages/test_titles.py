"""The titles of what a council did, above a chart: each can be read, wherever they stand."""

from hypothesis import given
from hypothesis import strategies as st

from services.metrics.pages.titles import Title, laid_out, shortened

# As wide as 118 letters, so that a letter is as wide as a point.
FIRST, UNTIL = 0.0, 118.0


def rows(*marks: tuple[int, str]) -> dict[str, int]:
    return {title.text: title.row for title in laid_out(marks, FIRST, UNTIL)}


def test_a_title_stands_to_the_right_of_its_line_or_as_far_right_as_there_is_room() -> None:
    right, left = laid_out([(10, "Regrading"), (115, "Open evening")], FIRST, UNTIL)
    assert (left.text, left.point, round(left.start, 1), left.row) == ("Regrading", 10, 10.3, 0)
    # Twelve letters and a gap of 0.3 at each end.
    assert (right.text, right.point, round(right.start, 1), right.row) == ("Open evening", 115, 105.4, 0)


def test_titles_that_have_room_beside_each_other_stand_on_one_line() -> None:
    assert rows((10, "Regrading"), (20, "Open evening"), (33, "Payment")) == {
        "Regrading": 0,
        "Open evening": 0,
        "Payment": 0,
    }


def test_of_marks_near_each_other_the_earlier_stands_higher_so_that_no_line_goes_through_a_title() -> None:
    assert rows((10, "Regrading"), (12, "Open evening"), (14, "Payment")) == {
        "Regrading": 2,
        "Open evening": 1,
        "Payment": 0,
    }


def test_marks_of_one_month_stand_above_one_another() -> None:
    assert sorted(rows((10, "Regrading"), (10, "Payment")).values()) == [0, 1]


def test_a_long_title_is_cut_between_two_words_and_a_long_word_within_it() -> None:
    assert shortened("Open evening of residential homes") == "Open evening of residential homes"
    assert shortened("Team managers, LADO, IROs and chairs regraded") == "Team managers, LADO, IROs and…"
    assert shortened("a" * 60) == "a" * 33 + "…"


def _ends(title: Title, letter: float) -> float:
    return title.start + len(title.text) * letter


@given(st.lists(st.tuples(st.integers(0, 24), st.text("abc ", min_size=1, max_size=60)), max_size=9))
def test_no_two_titles_overlap_and_none_goes_beyond_the_chart(marks: list[tuple[int, str]]) -> None:
    first, until = -0.5, 26.75
    letter = (until - first) / 118
    titles = laid_out(marks, first, until)
    assert len(titles) == len(marks)
    for number, title in enumerate(titles):
        assert first <= title.start
        assert _ends(title, letter) <= until
        for other in titles[number + 1 :]:
            if other.row == title.row:
                assert _ends(title, letter) <= other.start or _ends(other, letter) <= title.start
