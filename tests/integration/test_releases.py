"""Releases of DfE's headline measures: loaded over HTTP, never changed, compared with each other; and DfE's own.

Invariant: expectations are worked out by hand from tests/integration/benchmarks.py, or counted anew from DfE's file.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.metrics.api.examples.benchmarks import COMPARISON_EXAMPLE, RELEASE_EXAMPLE, REVISIONS_EXAMPLE
from tests.integration.arrival import AGE
from tests.integration.benchmarks import OLDER, Loaded
from tests.integration.feed import fault, problem
from tests.unit.benchmarks.small_release import authority, file_of, turnover


def test_what_dfe_revised_is_counted_and_listed(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("revisions?older=2022&newer=2025&measure=turnover-rate").json()
    assert list(answer) == list(REVISIONS_EXAMPLE)
    # Of the six rows that both have; 18 and 18.04 are the same to 1 decimal.
    assert (answer["compared"], answer["changed"]) == (6, 3)
    assert (answer["only_in_older"], answer["only_in_newer"]) == (5, 1)
    assert answer["rows"] == [
        {
            "year": 2022,
            "level": "local-authority",
            "code": "332",
            "name": "Dudley",
            "older": {"value": 12.5, "mark": None},
            "newer": {"value": 12.2, "mark": None},
            "change": -0.3,
        },
        {
            "year": 2022,
            "level": "local-authority",
            "code": "333",
            "name": "Sandwell",
            "older": {"value": 18.0, "mark": None},
            "newer": {"value": None, "mark": "x", "reason": "not-counted"},
            "change": None,
            "reason": "not-counted",
        },
        {
            "year": 2022,
            "level": "national",
            "code": "E92000001",
            "name": "England",
            "older": {"value": 17.1, "mark": None},
            "newer": {"value": 17.3, "mark": None},
            "change": 0.2,
        },
    ]


def test_revisions_come_page_by_page_and_whole_as_csv(benchmarks: Loaded) -> None:
    path = "revisions?older=2022&newer=2025&measure=turnover-rate&limit=1&offset=1"
    page = benchmarks.ask(path).json()
    assert (page["changed"], page["count"], page["limit"], page["offset"]) == (3, 3, 1, 1)
    assert [row["name"] for row in page["rows"]] == ["Sandwell"]
    following = benchmarks.ask(page["links"]["next"].removeprefix("/v1/benchmarks/")).json()
    assert ([row["name"] for row in following["rows"]], following["links"]) == (["England"], {})
    lines = list(csv.DictReader(benchmarks.ask(path, accept="text/csv").text.splitlines()))
    assert [line["name"] for line in lines] == ["Dudley", "Sandwell", "England"]
    line = lines[1]
    assert (line["older_value"], line["newer_value"], line["newer_mark"], line["change"]) == ("18.0", "", "x", "")


def test_a_mark_in_place_of_another_is_a_revision_too(benchmarks: Loaded) -> None:
    for name, marks in (("marked-c", ("c", "9.9")), ("marked-x", ("x", "9.9"))):
        rows = (
            authority(code, "Invented", 2001, turnover(mark)) for code, mark in zip(("337", "338"), marks, strict=True)
        )
        assert benchmarks.load(file_of(*rows), f"release={name}&published=2002-02-23").status_code == 201
    answer = benchmarks.ask("revisions?older=marked-c&newer=marked-x&measure=turnover-rate").json()
    assert (answer["compared"], answer["changed"]) == (2, 1)
    (row,) = answer["rows"]
    assert (row["code"], row["older"]["mark"], row["newer"]["mark"], row["change"]) == ("337", "c", "x", None)


def test_nothing_else_was_revised(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("revisions?older=2022&newer=2025&measure=cases").json()
    assert (answer["compared"], answer["changed"], answer["rows"]) == (6, 0, [])


def test_a_release_that_is_loaded_is_listed_with_all_that_is_kept_about_it(benchmarks: Loaded) -> None:
    newest, oldest = (
        item for item in benchmarks.ask("releases").json()["releases"] if item["release"] in ("2022", "2025")
    )
    assert list(newest) == list(RELEASE_EXAMPLE)
    assert (newest["release"], oldest["release"]) == ("2025", "2022")
    assert (oldest["published"], oldest["rows"], oldest["years"]) == ("2023-02-23", 11, [2021, 2022])
    assert oldest["source"] == "DfE, children's social work workforce (Open Government Licence v3.0)"


def test_the_same_release_again_is_already_known(benchmarks: Loaded) -> None:
    answer = benchmarks.load(file_of(*OLDER), "release=2022&published=2023-02-23")
    assert (answer.status_code, answer.json()["status"], answer.json()["rows"]) == (200, "already-known", 11)


@pytest.mark.parametrize(
    ("rows", "published", "what"),
    [(OLDER[:-1], "2023-02-23", "sha256"), (OLDER, "2023-02-24", "published 2023-02-23, and came with 2023-02-24")],
)
def test_a_release_is_never_changed(benchmarks: Loaded, rows: list[str], published: str, what: str) -> None:
    answer = benchmarks.load(file_of(*rows), f"release=2022&published={published}")
    assert what in problem(answer, 409)["detail"]
    assert "give this one another name" in answer.json()["detail"]
    assert benchmarks.ask("turnover-rate/series?authority=839&release=2022", "anyone").status_code == 200


def test_of_a_file_that_cannot_be_read_whole_nothing_is_loaded(benchmarks: Loaded) -> None:
    body = file_of(OLDER[0], authority("331", "Coventry", measures=turnover("n/a")))
    refused = fault(benchmarks.load(body, "release=broken&published=2023-02-23"), 422)
    assert (refused["field"], refused["value"]) == ("line 3, column turnover_rate_fte_%", "n/a")
    answer = problem(benchmarks.ask("turnover-rate?authority=331&release=broken"), 404)
    assert answer["detail"].startswith("'broken' is not loaded. There are ")
    assert "broken" not in answer["releases"]


@pytest.mark.parametrize("caller", ["operator of one", "analyst", "anyone"])
def test_only_an_operator_for_all_authorities_loads_releases(benchmarks: Loaded, caller: str) -> None:
    answer = benchmarks.load(file_of(*OLDER), "release=other&published=2023-02-23", caller)
    assert "right `operate` for all authorities" in problem(answer, 403)["detail"]


def test_without_a_key_nothing_is_told(benchmarks: Loaded) -> None:
    assert problem(benchmarks.load(b"", "release=other&published=2023-02-23", None), 401)
    for path in ("releases", "revisions", "turnover-rate?authority=331", "turnover-rate/series?authority=331"):
        assert problem(benchmarks.ask(path, None), 401)


def test_a_body_that_is_not_csv_is_refused(benchmarks: Loaded) -> None:
    answer = benchmarks.load(b"{}", "release=other&published=2023-02-23", kind="application/json")
    assert problem(answer, 415)["detail"] == "The body came as application/json; send it as text/csv."


@pytest.mark.parametrize("what", ["releases?release=to-come", "neighbours?name=to-come"])
def test_a_file_cannot_have_been_published_on_a_day_to_come(benchmarks: Loaded, what: str) -> None:
    # It would answer before every later one for good: what was loaded is never changed.
    kind, _, name = what.partition("?")
    answer = benchmarks.load(file_of(*OLDER), f"{name}&published=2099-02-23", what=kind)
    told = fault(answer, 422)
    assert (told["field"], told["problem"], told["value"]) == ("published", "is to come", "2099-02-23")
    assert told["expected"].startswith("a day up to today, 20")
    assert "to-come" not in benchmarks.ask(kind).text


def test_a_file_can_have_been_published_today(benchmarks: Loaded) -> None:
    today = datetime.now(UTC).date()
    body = file_of(authority("339", "Invented", 2001))
    assert benchmarks.load(body, f"release=of-today&published={today}").status_code == 201


def test_the_parameters_of_a_release_are_read_strictly(benchmarks: Loaded) -> None:
    answer = benchmarks.load(file_of(*OLDER), "release=a%00b&publishd=2023-02-23&source=%C3%A9")
    faults = problem(answer, 422)["faults"]
    assert [(item["field"], item["problem"]) for item in faults] == [
        ("publishd", "is not a parameter"),
        ("release", "cannot be read"),
        ("published", "is missing"),
        ("source", "cannot be read"),
    ]


@pytest.fixture(scope="module")
def dfe(benchmarks: Loaded, published_release: Path) -> list[dict[str, str]]:
    """The rows of DfE's own release of 2022, which is loaded under the name dfe-2022."""
    body = published_release.read_bytes()
    answer = benchmarks.load(body, "release=dfe-2022&published=2023-02-23")
    assert answer.status_code == 201
    assert (answer.json()["rows"], answer.json()["columns_left_out"]) == (978, [])
    return list(csv.DictReader(body.decode("utf-8-sig").splitlines()))


@pytest.mark.parametrize(
    ("year", "turnover", "agency", "vacancy", "caseload", "absence"),
    [
        (2020, 21.8, 16.8, 14.3, 17.0, 4.4),
        (2021, 17.1, 18.1, 15.4, 14.7, 3.9),
        (2022, 18.0, 16.7, 15.9, 13.4, 3.5),
    ],
)
@pytest.mark.usefixtures("dfe")
def test_coventry_s_published_rates_come_out(
    benchmarks: Loaded, year: int, turnover: float, agency: float, vacancy: float, caseload: float, absence: float
) -> None:
    rates = ["turnover-rate", "agency-worker-rate", "vacancy-rate", "average-caseload", "absence-rate"]
    asked = f"authority=331&year={year}&release=dfe-2022"
    published = [benchmarks.ask(f"{rate}?{asked}").json()["authority"]["value"] for rate in rates]
    assert published == [turnover, agency, vacancy, caseload, absence]


def test_coventry_s_rank_of_2022_is_what_counting_gives(benchmarks: Loaded, dfe: list[dict[str, str]]) -> None:
    rates = [
        float(row["turnover_rate_fte_%"])
        for row in dfe
        if row["time_period"] == "2022"
        and row["geographic_level"] == "Local authority"
        and row["turnover_rate_fte_%"] not in ("x", "z")
    ]
    answer = benchmarks.ask("turnover-rate?authority=331&year=2022&release=dfe-2022").json()
    lower = len([rate for rate in rates if rate < 18])
    assert answer["rank"]["among_authorities"] == {"rank": lower + 1, "of": len(rates)}
    assert (lower + 1, len(rates)) == (66, 149)
    assert (answer["region"]["value"], answer["england"]["value"]) == (16.4, 17.1)


@pytest.mark.usefixtures("dfe")
def test_the_example_of_the_documentation_is_what_is_answered(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("turnover-rate?authority=331&year=2022&release=dfe-2022&neighbours=333,336").json()
    # Nothing is known here of Coventry's own events, and the release goes by another name.
    other = {"release", "as_known_at", "ours", "differences", "links"}
    assert set(answer) == {*COMPARISON_EXAMPLE, *AGE}
    assert {name: answer[name] for name in set(COMPARISON_EXAMPLE) - other} == {
        name: COMPARISON_EXAMPLE[name] for name in set(COMPARISON_EXAMPLE) - other
    }
    assert [said for said in COMPARISON_EXAMPLE["differences"] if said in answer["differences"]] == COMPARISON_EXAMPLE[
        "differences"
    ][:2]
