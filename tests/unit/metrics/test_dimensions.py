"""Dimensions: whatever is declared is stated by events, counted by, and told; whatever is not is refused."""

from datetime import date
from typing import Any

import pytest
from pydantic import create_model

from contracts.events.agency_cover import CoverStarted
from contracts.events.posts import PostChanged, PostEstablished
from services.metrics.measures.catalogue import CODED, MEASURES, counts_of, dimensions_of
from services.metrics.measures.declaration import Count, Part, Rate, Term, Unit, stock
from services.metrics.measures.dimensions import EVERY_DIMENSION, OF_OTHERS
from services.metrics.snapshot.employment import Start
from services.metrics.timelines.dimensions import BY_ASSIGNMENTS, NOTHING_STATED, OF_POSTS, Dimensions, check_stated
from tests.oracle.service import PLACE

OF_POSTS_BY_HAND = ["role", "team", "service_area", "grade", "csww_role", "location"]


def test_the_dimensions_of_posts_are_these_in_this_order_and_the_oracle_has_them_too() -> None:
    assert list(OF_POSTS) == OF_POSTS_BY_HAND
    assert list(PLACE) == OF_POSTS_BY_HAND


def test_nothing_is_stated_of_what_nothing_is_known_about() -> None:
    assert set(NOTHING_STATED) == {None}
    with pytest.raises(TypeError):
        Dimensions()  # type: ignore[call-arg]


@pytest.mark.parametrize("name", OF_POSTS)
@pytest.mark.parametrize("model", [PostEstablished, PostChanged])
def test_a_dimension_that_an_event_of_posts_does_not_state_is_refused_when_it_is_loaded(
    model: type[PostEstablished | PostChanged], name: str
) -> None:
    fields: dict[str, Any] = {other: (str, ...) for other in model.model_fields if other != name}
    with pytest.raises(TypeError, match=f"do not both have {name}"):
        check_stated(create_model("Posts", **fields))


@pytest.mark.parametrize("model", [PostEstablished, PostChanged])
def test_what_an_event_of_posts_states_and_nothing_is_counted_by_is_refused_when_it_is_loaded(
    model: type[PostEstablished | PostChanged],
) -> None:
    fields: dict[str, Any] = dict.fromkeys((*model.model_fields, "floor"), (str, ...))
    with pytest.raises(TypeError, match="do not both have floor"):
        check_stated(create_model("Posts", **fields))


def test_an_assignment_without_a_post_states_its_role_team_service_area_and_csww_role() -> None:
    assert BY_ASSIGNMENTS == ("role", "team", "service_area", "csww_role")
    assert set(BY_ASSIGNMENTS) <= CoverStarted.model_fields.keys()


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_every_measure_can_be_broken_down_by_every_dimension_of_posts(measure: Count | Rate) -> None:
    assert dimensions_of(measure)[: len(OF_POSTS)] == tuple(OF_POSTS)


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_dimension_besides_is_one_of_some_measure(name: str) -> None:
    assert any(name in counted.more for measure in MEASURES.values() for counted in counts_of(measure))


def test_a_measure_by_a_dimension_that_is_not_declared_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(ValueError, match="people: floor must be declared"):
        stock("people", "People", "People.", "nobody", Unit.PEOPLE, lambda snapshot, scope: (), more=("floor",))
    terms = ((Term("leavers"),), (Term("in-post"),))
    with pytest.raises(ValueError, match="share: floor must be declared"):
        Rate("share", "Share", "A share.", "nobody", Unit.PERCENT, *terms, "100 x a / b", more=("floor",))


def test_a_measure_does_not_declare_a_dimension_of_posts_once_more() -> None:
    with pytest.raises(ValueError, match="people: team must be declared"):
        stock("people", "People", "People.", "nobody", Unit.PEOPLE, lambda snapshot, scope: (), more=("team",))


def test_every_dimension_has_a_name_of_its_own_and_a_meaning_in_a_sentence() -> None:
    assert OF_POSTS.keys().isdisjoint(OF_OTHERS)
    assert [name for name, dimension in EVERY_DIMENSION.items() if not dimension.meaning.endswith(".")] == []


def test_how_starters_came_is_stated_by_their_start() -> None:
    assert {"origin", "route", "employment", "cohort"} <= set(Start._fields)


def test_codes_are_those_of_the_contract_and_numbers_are_read_as_numbers() -> None:
    assert CODED["csww_role"] == ("1", "2", "3", "4", "5", "6")
    assert OF_POSTS["csww_role"].read("5") == 5
    assert OF_POSTS["role"].read("social-worker") == "social-worker"
    assert OF_POSTS["team"].read("5") == "5"
    assert "team" not in CODED
    assert CODED["age"] == (
        "under-3-months",
        "3-to-6-months",
        "6-to-9-months",
        "9-to-12-months",
        "over-12-months",
    )


def test_a_part_that_does_not_state_a_dimension_of_its_measure_fails_instead_of_counting_as_not_stated() -> None:
    day = date(2023, 9, 30)
    part = Part(1_000_000, day, day, (), NOTHING_STATED, {"origin": None})
    assert part.dimension("origin") is None
    assert part.dimension("team") is None
    with pytest.raises(KeyError, match="route"):
        part.dimension("route")
