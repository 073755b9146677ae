"""How answers are given: tags that hold while figures do, links that pin and lead on, files."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from services.metrics.api.benchmarks import ComparisonsParameters
from services.metrics.api.query import ReadQuery
from services.metrics.api.responses import answer, page_links, pinned
from services.metrics.measures.catalogue import MEASURES
from tests.unit.metrics.questions import question, question_of, recorded

BODY = {"authority": "331", "as_at": "2023-10-31", "as_known_at": "2024-04-02T12:00:00Z", "rows": [{"value": 8.5}],
        "total": 8.5, "links": {"pinned": "/v1/x"}}  # fmt: skip
LINES = (["value"], [[8.5]])


def tag(asked: str | ReadQuery = "", body: dict[str, Any] | None = None, **more: Any) -> str:
    put = question(asked) if isinstance(asked, str) else asked
    heading, rows = more.pop("lines", LINES)
    return answer(put, BODY | (body or {}), (heading, rows), **more).headers["etag"]


# --- tags -------------------------------------------------------------------------------------------------------------


def test_the_same_figures_have_the_same_tag_whatever_moves_on_by_itself() -> None:
    first = tag()
    assert first == tag()
    assert first == tag(body={"links": {"pinned": "/v1/y"}})
    assert first == tag(body={"as_known_at": "2024-04-02T12:00:01Z"})
    later = question()
    later._complete_until = datetime(2024, 4, 2, 12, 30, tzinfo=UTC)
    assert first == tag(later)


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        ("", {"total": 9.0}),
        ("", {"authority": "332"}),
        ("", {"as_at": "2023-11-30"}),
        ("", {"rows": [{"value": 9.0}]}),
        ("as_known_at=2023-11-30T12:00:00Z", {}),
        ("format=csv", {}),
        ("format=xlsx", {}),
        ("format=csv&sheet=about", {}),
    ],
)
def test_other_figures_and_other_forms_of_them_have_other_tags(asked: str, body: dict[str, Any]) -> None:
    assert tag(asked, body) != tag()


def test_each_form_of_an_answer_has_a_tag_of_its_own() -> None:
    forms = ("", "format=csv", "format=csv&sheet=about", "format=xlsx")
    assert len({tag(asked) for asked in forms}) == len(forms)


def test_an_instant_that_was_asked_for_is_part_of_the_tag_and_one_that_was_not_is_none() -> None:
    asked = "as_known_at=2024-04-02T12:00:00Z"
    assert tag(asked) != tag(asked, {"as_known_at": "2024-04-03T12:00:00Z"})


def test_a_file_has_another_tag_where_its_rows_differ_though_nothing_is_said_of_them() -> None:
    for wanted in ("format=csv", "format=xlsx"):
        assert tag(wanted) != tag(wanted, lines=(["value"], [[9.0]]))
        assert tag(wanted) == tag(wanted, lines=(["value"], [[8.5]]))


def test_what_is_passing_in_part_counts_by_the_rest_of_it() -> None:
    passing = ("links", "terms")
    first = tag(body={"terms": [1]}, passing=passing, lasting_too=["a"])
    assert first == tag(body={"terms": [2]}, passing=passing, lasting_too=["a"])
    assert first != tag(body={"terms": [1]}, passing=passing, lasting_too=["b"])
    of_file = tag("format=csv", passing=passing, lasting_too=["a"])
    assert of_file != tag("format=csv", passing=passing, lasting_too=["b"])


def test_that_a_figure_has_become_stale_gives_it_another_tag() -> None:
    fresh, stale = question(), question()
    fresh.age, stale.age = (recorded(datetime(2023, month, 1, tzinfo=UTC)) for month in (8, 7))
    # Recorded on 1 August it is stale from 2 November on, on 1 July from 2 October. The record is no part of the tag.
    assert tag(fresh) == tag()
    assert tag(stale) != tag()


@pytest.mark.parametrize(
    ("body", "stale"),
    [
        ({"as_at": "2023-10-01"}, False),
        ({"as_at": "2023-10-02"}, True),
        ({"as_at": "2023-09-30", "to": "2023-10-02"}, True),
        ({"as_at": "2023-09-30", "periods": [{"to": "2023-10-02"}, {"to": "2023-10-01"}]}, False),
        ({"as_at": "2023-09-30", "periods": [{"to": "2023-10-01"}, {"as_at": "2023-10-02"}]}, True),
    ],
)
def test_an_answer_is_stale_by_the_last_day_that_it_speaks_of(body: dict[str, Any], stale: bool) -> None:
    asked = question()
    asked.age = recorded(datetime(2023, 7, 1, 9, tzinfo=UTC))
    response = answer(asked, BODY | body, LINES)
    assert (b'"stale":true' in response.body) is stale
    assert response.headers["recorded-until"] == "2023-07-01T09:00:00Z"


def test_what_no_event_answers_says_nothing_of_its_age() -> None:
    response = answer(question_of(ComparisonsParameters), BODY, LINES)
    assert b"stale" not in response.body
    assert {"recorded-until", "complete-until"}.isdisjoint(response.headers)


@pytest.mark.parametrize(
    ("held", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"a", {tag} , "b"', 304),
        ("*", 304),
        ('"a"', 200),
        ("", 200),
    ],
)
def test_who_holds_it_already_is_not_sent_it_again(held: str, status: int) -> None:
    response = answer(question(if_none_match=held.format(tag=tag())), BODY, LINES)
    assert response.status_code == status
    assert (response.headers["etag"], response.headers["vary"]) == (tag(), "Accept, Authorization")
    assert response.headers["complete-until"] == "2024-04-02T11:59:00Z"
    assert (response.body == b"") is (status == 304)


# --- links ------------------------------------------------------------------------------------------------------------


def said(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query))


NOW = "2024-04-02T12:00:00Z"


def test_a_pinned_link_says_both_instants_and_all_that_was_asked() -> None:
    link = pinned(question("authority=331&by=role&by=team&as_at=2023-10-31"))
    assert urlsplit(link).path == "/v1/measures/vacancies"
    assert said(link) == {
        "authority": "331",
        "by": "role,team",
        "as_at": "2023-10-31",
        "as_known_at": NOW,
        "as_accepted_at": NOW,
    }


def test_what_was_asked_for_is_not_said_otherwise() -> None:
    known = "2023-11-30T12:00:00Z"
    assert said(pinned(question(f"authority=331&as_known_at={known}"))) == {
        "authority": "331",
        "as_known_at": known,
        "as_accepted_at": NOW,
    }


def test_the_day_that_was_meant_is_said() -> None:
    asked = question("authority=331")
    asked.when(MEASURES["vacancies"])
    assert said(pinned(asked))["as_at"] == "2024-04-02"


def test_a_link_gives_the_same_form_but_not_the_sheet() -> None:
    assert said(pinned(question("authority=331&sheet=about", accept="text/csv"))).keys() == {
        "authority", "format", "as_known_at", "as_accepted_at"
    }  # fmt: skip
    assert said(pinned(question("authority=331", accept="text/csv")))["format"] == "csv"
    assert "format" not in said(pinned(question("authority=331")))


def test_a_link_to_another_route_says_what_that_takes_and_what_more_is_said_replaces_the_rest() -> None:
    asked = question("authority=331&by=role&limit=7&format=csv")
    link = pinned(asked, "/v1/subjects/{subject}", ("authority", "as_known_at", "as_accepted_at"))
    assert urlsplit(link).path == "/v1/subjects/{subject}"
    assert said(link) == {"authority": "331", "as_known_at": NOW, "as_accepted_at": NOW}
    assert said(pinned(asked, by=None, limit=8)).keys() == {
        "authority", "limit", "format", "as_known_at", "as_accepted_at"
    }  # fmt: skip
    assert said(pinned(asked, by=None, limit=8))["limit"] == "8"


@pytest.mark.parametrize(
    ("count", "limit", "offset", "following"),
    [
        (5, 2, 0, "2"),
        (5, 2, 2, "4"),
        (5, 2, 3, None),
        (5, 5, 0, None),
        (5, 4, 0, "4"),
        (0, 2, 0, None),
        (5, 2, 9, None),
    ],
)
def test_there_is_a_next_page_where_there_are_more(count: int, limit: int, offset: int, following: str | None) -> None:
    links = page_links(question("authority=331"), count, limit, offset)
    assert {name: said(link)["offset"] for name, link in links.items()} == ({"next": following} if following else {})
    assert all(said(link)["limit"] == str(limit) for link in links.values())


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_says_how_long_it_is_what_it_is_called_and_where_it_stands_what_it_is() -> None:
    response = answer(question("authority=331&format=csv"), BODY, LINES)
    assert response.headers["content-length"] == str(len(b"value\r\n8.5\r\n"))
    assert response.headers["content-disposition"] == 'attachment; filename="vacancies-331-2023-10-31.csv"'
    link = response.headers["link"]
    assert link.endswith('>; rel="describedby"; type="text/csv"')
    assert said(link[1 : link.index(">")]) == {
        "authority": "331",
        "format": "csv",
        "as_known_at": NOW,
        "as_accepted_at": NOW,
        "sheet": "about",
    }


@pytest.mark.parametrize("wanted", ["format=csv&sheet=about", "format=xlsx"])
def test_what_says_itself_what_it_is_links_to_nothing(wanted: str) -> None:
    response = answer(question(f"authority=331&{wanted}"), BODY, LINES)
    assert "link" not in response.headers
    assert ("-about" in response.headers["content-disposition"]) is ("about" in wanted)


async def test_a_file_holds_the_rows_or_what_they_are() -> None:
    async def lines(wanted: str) -> Sequence[str]:
        rows: list[list[Any]] = [[8.5], [None]]
        response = answer(question(wanted), BODY, (["value"], iter(rows)))
        pieces = [piece async for piece in response.body_iterator]  # type: ignore[attr-defined]
        return b"".join(pieces).decode().splitlines()

    assert await lines("format=csv") == ["value", "8.5", '""']
    about = await lines("format=csv&sheet=about")
    assert about[:3] == ["name,value", "authority,331", "as_at,2023-10-31"]
    assert "complete_until,2024-04-02T11:59:00Z" in about


def test_the_day_of_the_instant_is_the_last_where_an_answer_names_none() -> None:
    asked = question("as_known_at=2023-11-30T12:00:00Z")
    asked.age = recorded(datetime(2023, 8, 29, 9, tzinfo=UTC))
    nameless = {"authority": "331", "rows": []}
    assert b'"stale":true' in answer(asked, nameless, LINES).body
    asked.age = recorded(datetime(2023, 8, 30, 9, tzinfo=UTC))
    assert b'"stale":false' in answer(asked, nameless, LINES).body
    assert asked.known_on == date(2023, 11, 30)
