"""DfE's files of today, loaded as they are: releases of either layout, neighbours; kept when metrics is built anew.

Invariant: every number is invented; expectations are worked out by hand from the files written here.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.metrics.benchmarks.release import READ_BY
from tests.integration.benchmarks import Loaded, answers, metrics_alone
from tests.integration.feed import Feed, fault, problem
from tests.parts import PostgreSQL, RealSystem, Service
from tests.unit.benchmarks.small_release import (
    HEADER_SINCE_2023,
    MEASURES_SINCE_2023,
    authority,
    england,
    file_of,
    turnover,
)

OF_2022 = file_of(
    england(2021),
    england(2022),
    *(authority("331", "Coventry", year, turnover("17.1")) for year in (2021, 2022)),
    authority("835", "Invented that was", 2022),
)
OF_2025 = file_of(
    *(england(year, MEASURES_SINCE_2023) for year in (2022, 2025)),
    *(authority("331", "Coventry", year, MEASURES_SINCE_2023) for year in (2022, 2025)),
    authority("940 / 941", "North / West", 2025, MEASURES_SINCE_2023),
    header=HEADER_SINCE_2023,
)
NEIGHBOURS_OF_2021 = (
    b"LA num,LA Name,LA number,GOInd,GOReg,SN1,SNP,SN2,SNP,\n331,Coventry,331,8,West,835,Close,333,Close,\n"
)
NEIGHBOURS_OF_2025 = (
    b"old_la_code,la_name,region_ind,region_name,SN_1,SN_1P,SN_2,SN_2P\n331,Coventry,8,West,941,Close,940,Close\n"
)


@pytest.fixture(scope="module")
def both(postgres: PostgreSQL, parts_folder: Path) -> Iterator[tuple[Loaded, Service]]:
    """Metrics, with a release of either layout loaded; the newer one is of the years 2022 and 2025 alone."""
    urls = {
        "database_url": postgres.create("files_metrics"),
        "benchmarks_database_url": postgres.create("files_benchmarks"),
    }
    with metrics_alone(parts_folder / "published_files.log", urls) as (loaded, metrics):
        for body, query in (
            (OF_2022, "release=2022&published=2023-02-23"),
            (OF_2025, "release=2025&published=2026-02-26"),
        ):
            answer = loaded.load(body, query)
            assert answer.status_code == 201, answer.text
        yield loaded, metrics


@pytest.fixture
def loaded(both: tuple[Loaded, Service]) -> Loaded:
    """The same, to be asked."""
    return both[0]


def value(answer: Any) -> float:
    assert answer.status_code == 200, answer.text
    rate: float = answer.json()["authority"]["value"]
    return rate


@pytest.mark.parametrize(
    ("measure", "published"),
    [("in-post", 100.0), ("in-post-headcount", 110.0), ("leavers-fte", 10.0), ("leavers", 11.0), ("starters", 13.0)],
)
def test_counts_of_the_releases_from_2023_on_are_answered(loaded: Loaded, measure: str, published: float) -> None:
    assert value(loaded.ask(f"{measure}?authority=331&release=2025")) == published
    assert value(loaded.ask(f"{measure}?authority=331&year=2025")) == published


def test_a_count_has_been_revised_though_its_column_has_another_name(loaded: Loaded) -> None:
    answer = loaded.ask("revisions?older=2022&newer=2025&measure=in-post").json()
    assert [(row["code"], row["older"]["value"], row["newer"]["value"]) for row in answer["rows"]] == [
        ("331", 80.5, 100.0),
        ("E92000001", 80.5, 100.0),
    ]


def test_a_newer_release_hides_no_year_and_no_authority_that_only_an_older_one_has(loaded: Loaded) -> None:
    of_2021 = loaded.ask("turnover-rate?authority=331&year=2021").json()
    assert (of_2021["release"]["name"], of_2021["authority"]["value"]) == ("2022", 17.1)
    gone = loaded.ask("turnover-rate?authority=835", "anyone").json()
    assert (gone["release"]["name"], gone["year"], gone["authority"]["value"]) == ("2022", 2022, 9.9)
    assert "not the latest" not in " ".join(gone["differences"])


def test_a_series_takes_each_year_from_the_release_published_last_that_has_it(loaded: Loaded) -> None:
    answer = loaded.ask("turnover-rate/series?authority=331").json()
    assert [(point["year"], point["release"], point["authority"]["value"]) for point in answer["series"]] == [
        (2021, "2022", 17.1),
        (2022, "2025", 10.1),
        (2025, "2025", 10.1),
    ]
    assert [release["name"] for release in answer["releases"]] == ["2025", "2022"]
    pinned = loaded.ask(answer["links"]["pinned"].removeprefix("/v1/benchmarks/")).json()
    assert pinned["series"] == answer["series"]
    older = loaded.ask("turnover-rate/series?authority=331&release=2022").json()
    assert [point["release"] for point in older["series"]] == ["2022", "2022"]


def test_what_is_not_read_is_named_to_whoever_loads_it_and_in_the_log(both: tuple[Loaded, Service]) -> None:
    loaded, metrics = both
    header = HEADER_SINCE_2023.replace("inpost_fte", "in_service_fte")
    body = file_of(authority("331", "Coventry", 2019, MEASURES_SINCE_2023), header=header)
    answer = loaded.load(body, "release=renamed&published=2020-02-26").json()
    assert answer["columns_left_out"] == ["in_service_fte"]
    assert answer["measures_without_column"] == ["in-post"]
    assert answer["remarks"] == [
        "Not known, and so not read: the columns in_service_fte.",
        "No column of the file holds in-post: they cannot be asked of this release.",
    ]
    lines = [json.loads(line) for line in metrics.process.log.read_text().splitlines() if line.startswith("{")]
    (told,) = [line for line in lines if line["message"] == "columns of a file were not read"]
    assert (told["kind"], told["name"], told["columns"], told["level"]) == (
        "release",
        "renamed",
        ["in_service_fte"],
        "warning",
    )
    missing = problem(loaded.ask("in-post?authority=331&release=renamed"), 404)
    assert missing["type"] == "urn:workforce:problem:not-published"
    assert missing["detail"] == (
        "Release renamed has no column of in-post (social_worker_fte or inpost_fte). Columns that were not read: "
        "in_service_fte."
    )
    revised = problem(loaded.ask("revisions?older=2022&newer=renamed&measure=in-post"), 404)
    assert "No column of release renamed holds in-post" in revised["detail"]


def test_what_is_not_there_is_answered_with_what_there_is(loaded: Loaded) -> None:
    answer = problem(loaded.ask("turnover-rate?authority=941&year=2022", "anyone"), 404)
    assert answer["detail"].startswith("None of the releases 2025, 2022")
    assert answer["detail"].endswith("a row of authority 941 for 2022; of it there is 2025 in release 2025.")
    newest, *_ = answer["there_is"]
    assert (newest["release"], newest["years"], newest["years_of_authority"]) == ("2025", [2022, 2025], [2025])
    assert newest["authorities"] == ["331", "940", "941"]
    assert "starters-fte" in newest["measures"]
    nobody = problem(loaded.ask("turnover-rate?authority=999&release=2025", "anyone"), 404)
    assert nobody["detail"] == (
        "Release 2025 has no row of authority 999 for any year; of 3 other authorities there is 2022, 2025 in release "
        "2025."
    )
    no_year = problem(loaded.ask("turnover-rate?authority=331&release=2022&year=2025"), 404)
    assert no_year["detail"] == "Release 2022 has no figure of 2025; there is 2021 to 2022 in release 2022."


def test_neighbours_are_those_of_the_file_published_last(loaded: Loaded) -> None:
    none = loaded.ask("turnover-rate?authority=331&year=2025").json()
    assert (none["neighbours"], none["neighbours_from"]) == ([], "none")
    for body, query, status in (
        (NEIGHBOURS_OF_2025, "name=2025&published=2025-05-01", 201),
        (NEIGHBOURS_OF_2021, "name=2021&published=2021-04-01", 201),
        (NEIGHBOURS_OF_2021, "name=2021&published=2021-04-01", 200),
        (NEIGHBOURS_OF_2021, "name=2025&published=2025-05-01", 409),
    ):
        assert loaded.load(body, query, what="neighbours").status_code == status
    answer = loaded.ask("turnover-rate?authority=331&year=2025").json()
    assert [neighbour["code"] for neighbour in answer["neighbours"]] == ["940 / 941"]
    assert answer["neighbours_from"] == "file 2025"
    assert "neighbours=941,940" in answer["links"]["pinned"]
    files = loaded.ask("neighbours").json()["files"]
    assert [(file["name"], file["authorities"], file["columns_left_out"]) for file in files] == [
        ("2025", 1, []),
        ("2021", 1, []),
    ]


@pytest.mark.parametrize("caller", ["operator of one", "analyst", "anyone"])
def test_only_an_operator_for_all_authorities_loads_neighbours(loaded: Loaded, caller: str) -> None:
    answer = loaded.load(NEIGHBOURS_OF_2025, "name=mine&published=2025-05-01", caller, what="neighbours")
    assert "right `operate` for all authorities" in problem(answer, 403)["detail"]


def test_of_a_file_of_neighbours_that_cannot_be_read_nothing_is_loaded(loaded: Loaded) -> None:
    answer = loaded.load(b"old_la_code,SN1\n331,Derby\n", "name=broken&published=2025-05-01", what="neighbours")
    refused = fault(answer, 422)
    assert (refused["field"], refused["value"]) == ("line 2, column SN1", "Derby")
    assert "broken" not in loaded.ask("neighbours").text


A_REPORT = """
    INSERT INTO report (authority, number, name, made_by, as_known_at, as_accepted_at)
    VALUES ('331', 1, 'Board of April', 'analyst', '2023-04-15T12:00:00Z', '2023-04-15T12:00:00Z')
"""


async def test_releases_neighbours_and_reports_are_there_when_metrics_was_built_anew(
    postgres: PostgreSQL, parts_folder: Path
) -> None:
    """As the runbook says: stop metrics, drop its database, make an empty one, start it."""
    urls = {
        "database_url": postgres.create("anew_metrics"),
        "benchmarks_database_url": postgres.create("anew_benchmarks"),
    }
    with metrics_alone(parts_folder / "built_anew.log", urls) as (loaded, metrics):
        assert loaded.load(OF_2025, "release=2025&published=2026-02-26").status_code == 201
        query = "name=2025&published=2025-05-01"
        assert loaded.load(NEIGHBOURS_OF_2025, query, what="neighbours").status_code == 201
        before = loaded.ask("in-post?authority=331&as_known_at=2026-03-01T00:00:00Z").json()

        connection = await asyncpg.connect(urls["benchmarks_database_url"])
        try:
            await connection.execute(A_REPORT)
        finally:
            await connection.close()

        metrics.stop()
        postgres.drop("anew_metrics")
        postgres.create("anew_metrics")
        metrics.start()
        metrics.process.wait_until(lambda: answers(loaded), "answers with its database", 120)

        after = loaded.ask("in-post?authority=331&as_known_at=2026-03-01T00:00:00Z").json()
        assert {name: after[name] for name in after if name != "links"} == {
            name: before[name] for name in before if name != "links"
        }
        assert after["authority"]["value"] == 100.0
        listed = Feed(loaded.url, loaded.keys["analyst"]).get("/v1/reports?authority=331").json()
        assert [row["name"] for row in listed["rows"]] == ["Board of April"]

        # Its own database made anew while it runs.
        postgres.drop("anew_benchmarks")
        assert problem(loaded.ask("releases"), 503)["detail"].startswith("the database does not exist")
        postgres.create("anew_benchmarks")
        metrics.process.wait_until(lambda: answers(loaded), "answers with its database", 120)
        assert loaded.ask("releases").json() == {"releases": []}


def test_whoever_loads_a_file_is_told_where_it_does_not_survive_a_rebuild(system: RealSystem) -> None:
    """Its metrics has but one database, and no keys."""
    anybody = Loaded(system.metrics.url, {})
    told = (
        "It is kept in metrics' own database, and gone when that is made again: set WORKFORCE_BENCHMARKS_DATABASE_URL"
    )
    release = anybody.load(OF_2025, "release=alone&published=2026-02-26", None)
    assert (release.status_code, len(release.json()["remarks"])) == (201, 1)
    assert release.json()["remarks"][0].startswith(told)
    neighbours = anybody.load(NEIGHBOURS_OF_2025, "name=alone&published=2025-05-01", None, what="neighbours")
    assert neighbours.json()["remarks"][0].startswith(told)
    assert value(anybody.ask("in-post?authority=331", None)) == 100.0


async def test_a_release_that_an_older_version_read_less_of_is_read_again(
    postgres: PostgreSQL, parts_folder: Path
) -> None:
    urls = {
        "database_url": postgres.create("again_metrics"),
        "benchmarks_database_url": postgres.create("again_benchmarks"),
    }
    with metrics_alone(parts_folder / "read_again.log", urls) as (loaded, metrics):
        assert loaded.load(OF_2025, "release=2025&published=2026-02-26").status_code == 201
        metrics.stop()
        connection = await asyncpg.connect(urls["benchmarks_database_url"])
        try:
            await connection.execute("UPDATE published_release SET read_by = $1, measures = '{cases}'", READ_BY - 1)
            await connection.execute("DELETE FROM published_figure WHERE measure <> 'cases'")
        finally:
            await connection.close()
        metrics.start()
        metrics.process.wait_until(lambda: answers(loaded), "answers with its database", 120)
        assert value(loaded.ask("starters-fte?authority=331")) == 12.0
