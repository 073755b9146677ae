"""Published figures compared over HTTP: with the region, England and neighbours, and in the order of all authorities.

Invariant: expectations are worked out by hand from the rows of tests/integration/benchmarks.py.
"""

import csv

import httpx
import pytest

from services.metrics.api.examples.benchmarks import COMPARISON_EXAMPLE, COMPARISONS_EXAMPLE
from tests.integration.arrival import AGE
from tests.integration.benchmarks import WEST_MIDLANDS, Loaded, area
from tests.integration.feed import fault, problem
from tests.integration.reasons import nulls_without_reason

COVENTRY = area("331", "Coventry", 18.0)
REGION = area(WEST_MIDLANDS, "West Midlands", 16.4)
ENGLAND = area("E92000001", "England", 17.1)
DUDLEY, SANDWELL = area("332", "Dudley", 12.5), area("333", "Sandwell", 18.0)
KNOWN = "2022-11-30T12:00:00Z"
SOLIHULL = area("334", "Solihull", None, "c") | {"reason": "suppressed"}
WALSALL = area("335", "Walsall", 25.0)


def test_a_rate_stands_beside_the_region_s_england_s_and_the_neighbours(benchmarks: Loaded) -> None:
    answer = benchmarks.ask(f"turnover-rate?authority=331&year=2022&release=2022&as_known_at={KNOWN}")
    assert answer.status_code == 200
    assert answer.headers["vary"] == "Accept, Authorization"
    assert answer.json() == {
        "measure": "turnover-rate",
        "title": "Turnover rate (CSWW, FTE)",
        "definition": "FTE of leavers of the year as a share of the FTE in post at its closing date, not of an "
        "average.",
        "source": "DfE, children's social work workforce census 2024 to 2025, specification version 1",
        "unit": "%",
        "kind": "rate",
        "formula": "100 x leavers of the year / in post at the closing date",
        "release": {"name": "2022", "published": "2023-02-23"},
        "year": 2022,
        "as_at": "2022-09-30",
        "as_known_at": KNOWN,
        "authority": COVENTRY,
        "region": REGION,
        "england": ENGLAND,
        "neighbours": [DUDLEY, SANDWELL, SOLIHULL],
        "neighbours_median": {"value": 15.3, "of": 2},  # half way between 12.5 and 18, half up
        "neighbours_from": "setting",
        "neighbours_without_row": [],
        "rank": {
            "among_neighbours": {"rank": 2, "of": 3},  # Dudley is lower, Sandwell is equal, Solihull has a mark
            "among_authorities": {"rank": 2, "of": 4},
            "order": "1 is the lowest figure; equal figures share a rank; only those with a figure are ranked",
        },
        "ours": {
            "code": "331",
            "value": None,
            "reason": "not-counted",
            "mark": None,
            "scope": "census",
            "from": "2021-10-01",
            "to": "2022-09-30",
            "as_at": "2022-09-30",
        },
        "marks": {"c": "suppressed by DfE, for the numbers are small"},
        "differences": [
            "Release 2022 (published 2023-02-23) is not the latest loaded that has 2022: that is release 2025 "
            "(published 2026-02-26), and DfE revises past years.",
            "DfE rounds rates and FTE to 1 decimal: authorities that differ by less share a rank.",
            "Figures of regions and of England hold what DfE imputed for authorities without usable data: they are not "
            "made of the published rows of their authorities.",
            "Nothing was known of the authority here as at that instant: we have no figure.",
        ],
        "links": {
            "pinned": "/v1/benchmarks/turnover-rate?authority=331&year=2022&release=2022"
            f"&as_known_at={KNOWN}&as_accepted_at={answer.json()['links']['pinned'].split('as_accepted_at=')[1]}",
        },
        # Kafka was never there.
        "recorded_until": None,
        "complete_until": None,
        "stale": False,
        "feeds": [],
        "more_feeds": False,
    }


@pytest.mark.parametrize("neighbours", ["neighbours=335,332,998", "neighbours=335&neighbours=332,998"])
def test_neighbours_can_be_named_in_the_request(benchmarks: Loaded, neighbours: str) -> None:
    answer = benchmarks.ask(f"turnover-rate?authority=331&year=2022&release=2022&{neighbours}").json()
    assert answer["neighbours"] == [WALSALL, DUDLEY]
    assert (answer["neighbours_from"], answer["neighbours_without_row"]) == ("request", ["998"])
    assert answer["rank"]["among_neighbours"] == {"rank": 2, "of": 3}
    assert "Release 2022 has no row of 998 for 2022." in answer["differences"]


def test_without_release_and_year_the_last_published_is_meant(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("turnover-rate?authority=331").json()
    assert (answer["release"]["name"], answer["year"], answer["england"]["value"]) == ("2025", 2022, 17.3)
    assert "not the latest" not in " ".join(answer["differences"])
    assert benchmarks.ask("turnover-rate?authority=331&year=2021").json()["release"]["name"] == "2022"


def test_a_count_that_rates_are_made_of_is_compared_like_a_rate(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("leavers-fte?authority=331&year=2022&release=2022").json()
    assert (answer["title"], answer["unit"]) == ("Leavers (FTE)", "FTE")
    assert (answer["authority"]["value"], answer["england"]["value"]) == (8.0, 8.0)
    assert benchmarks.ask("leavers?authority=331&year=2022&release=2022").json()["authority"]["value"] == 9.0
    assert (
        benchmarks.ask("case-holders-fte/series?authority=331&release=2022").json()["series"][0]["authority"]["value"]
        == 60.0
    )


@pytest.mark.parametrize("path", ["turnover-rate?authority=331", "turnover-rate/series?authority=331", "releases"])
def test_what_has_not_changed_is_not_sent_again(benchmarks: Loaded, path: str) -> None:
    first = benchmarks.ask(path)
    headers = {"authorization": f"Bearer {benchmarks.keys['analyst']}", "if-none-match": first.headers["etag"]}
    again = httpx.get(f"{benchmarks.url}/v1/benchmarks/{path}", headers=headers, timeout=60, trust_env=False)
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.parametrize("path", ["turnover-rate", "turnover-rate/series"])
def test_a_pinned_link_names_the_release_and_the_neighbours_that_were_meant(benchmarks: Loaded, path: str) -> None:
    answer = benchmarks.ask(f"{path}?authority=331").json()
    pinned = answer["links"]["pinned"]
    assert "release=2025" in pinned
    assert "neighbours=332,333,334" in pinned
    again = benchmarks.ask(pinned.removeprefix("/v1/benchmarks/")).json()
    assert again["neighbours_from"] == "request"
    same = set(answer) - {"neighbours_from", "links", "as_known_at"}
    assert {name: again[name] for name in same} == {name: answer[name] for name in same}


def test_an_authority_with_a_mark_has_no_rank(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("turnover-rate?authority=334&year=2022&release=2022", "anyone").json()
    assert answer["authority"] == SOLIHULL
    assert answer["rank"]["among_authorities"] == {"rank": None, "of": 4, "reason": "suppressed"}
    assert (answer["rank"]["among_neighbours"], answer["neighbours_from"]) == (None, "none")


@pytest.mark.parametrize(
    ("authority", "neighbours", "median"),
    [
        ("331", "332,333,335", {"value": 18.0, "of": 3}),
        ("331", "334", {"value": None, "of": 0, "reason": "no-denominator"}),
        ("331", "998", None),
    ],
)
def test_the_median_of_the_neighbours_is_of_those_with_a_figure(
    benchmarks: Loaded, authority: str, neighbours: str, median: object
) -> None:
    asked = f"turnover-rate?authority={authority}&year=2022&release=2022&neighbours={neighbours}"
    assert benchmarks.ask(asked).json()["neighbours_median"] == median


def test_a_comparison_can_be_had_as_csv(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("turnover-rate?authority=331&year=2022&release=2022", accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(answer.text.splitlines()))
    assert [(line["area"], line["code"], line["value"], line["mark"]) for line in lines] == [
        ("authority", "331", "18.0", ""),
        ("region", WEST_MIDLANDS, "16.4", ""),
        ("england", "E92000001", "17.1", ""),
        ("neighbour", "332", "12.5", ""),
        ("neighbour", "333", "18.0", ""),
        ("neighbour", "334", "", "c"),
        ("neighbours-median", "", "15.3", ""),
        ("ours", "331", "", ""),
    ]
    assert [line["reason"] for line in lines] == [*[""] * 5, "suppressed", "", "not-counted"]
    ranks = ["rank_among_neighbours", "rank_among_neighbours_of", "rank_among_authorities", "rank_among_authorities_of"]
    assert [lines[0][name] for name in ranks] == ["2", "3", "2", "4"]
    assert [lines[1][name] for name in ranks] == ["", "", "", ""]
    answer = benchmarks.ask("turnover-rate?authority=331&year=2022&release=2022&format=csv&sheet=about")
    about = {line["name"]: line["value"] for line in csv.DictReader(answer.text.splitlines())}
    names = ("measure", "release.name", "release.published", "year", "as_at")
    assert [about[name] for name in names] == ["turnover-rate", "2022", "2023-02-23", "2022", "2022-09-30"]
    assert "not the latest loaded" in about["differences"]


def test_a_series_has_every_year_of_the_release(benchmarks: Loaded) -> None:
    answer = benchmarks.ask("turnover-rate/series?authority=331&release=2022&neighbours=332,839").json()
    assert list(answer) == list(COMPARISONS_EXAMPLE)
    bournemouth = area("839", "Bournemouth, Christchurch and Poole", 9.9)
    assert answer["series"] == [
        {
            "year": 2021,
            "as_at": "2021-09-30",
            "release": "2022",
            "authority": area("331", "Coventry", 17.1),
            "region": REGION,
            "england": ENGLAND,
            "neighbours": [bournemouth],
        },
        {
            "year": 2022,
            "as_at": "2022-09-30",
            "release": "2022",
            "authority": COVENTRY,
            "region": REGION,
            "england": ENGLAND,
            "neighbours": [DUDLEY],
        },
    ]
    lines = csv.DictReader(
        benchmarks.ask("turnover-rate/series?authority=331&release=2022", accept="text/csv").text.splitlines()
    )
    assert [(line["year"], line["area"], line["value"], line["mark"]) for line in lines] == [
        ("2021", "authority", "17.1", ""),
        ("2021", "region", "16.4", ""),
        ("2021", "england", "17.1", ""),
        ("2022", "authority", "18.0", ""),
        ("2022", "region", "16.4", ""),
        ("2022", "england", "17.1", ""),
        ("2022", "neighbour", "12.5", ""),
        ("2022", "neighbour", "18.0", ""),
        ("2022", "neighbour", "", "c"),
    ]


@pytest.mark.parametrize("path", ["turnover-rate", "turnover-rate/series"])
def test_a_key_of_one_authority_reads_no_other_s(benchmarks: Loaded, path: str) -> None:
    detail = problem(benchmarks.ask(f"{path}?authority=332"), 403)["detail"]
    assert detail == "This key may not read figures of authority 332."


@pytest.mark.parametrize(
    ("path", "field", "expected"),
    [
        ("turnover-rate", "authority", "three digits, as 331"),
        ("turnover-rate?authority=Coventry", "authority", "three digits, as 331"),
        ("turnover-rate?authority=331&year=2021/22", "year", "a whole number from 1950 to 2099"),
        ("turnover-rate?authority=331&as_known_at=2022-11-30", "as_known_at", "an instant with its offset, as 2023-11"),
        ("turnover-rate?authority=331&release=a%00", "release", "a name of up to 40 letters, digits"),
        ("turnover-rate?authority=331&neighbours=33", "neighbours", "three-digit codes of other authorities"),
        ("turnover-rate?authority=331&neighbours=331", "neighbours", "three-digit codes of other authorities"),
        ("turnover-rate?authority=331&as_at=2022-09-30", "as_at", "authority, year, release, neighbours"),
        ("turnover-rate/series?authority=331&year=2022", "year", "one of authority, release, neighbours"),
        ("releases?authority=331", "authority", "one of format, sheet"),
        ("revisions?older=2022&newer=2022&measure=cases", "newer", "a release other than older"),
        ("revisions?older=2022&newer=2025&measure=rate", "measure", "vacancy-rate, agency-worker-rate"),
        ("revisions?older=2022&newer=2025&measure=cases&limit=0", "limit", "a whole number from 1 to 1000"),
        ("revisions?older=2022&newer=2025&measure=cases&offset=-1", "offset", "a whole number from 0 to 10000000"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(benchmarks: Loaded, path: str, field: str, expected: str) -> None:
    refused = fault(benchmarks.ask(path), 422)
    assert refused["field"] == field
    assert expected in refused["expected"]


@pytest.mark.parametrize("path", ["turnover-rate", "turnover-rate/series"])
def test_a_comparison_is_of_one_authority(benchmarks: Loaded, path: str) -> None:
    refused = fault(benchmarks.ask(f"{path}?authority=all", "anyone"), 422)
    assert (refused["field"], refused["expected"]) == ("authority", "one authority, as 331")


@pytest.mark.parametrize(
    ("path", "kind", "extra"),
    [
        ("establishment?authority=331", "no-such-measure", "measures"),
        ("turnover/series?authority=331", "no-such-measure", "measures"),
        ("turnover-rate?authority=331&release=2031", "no-such-release", "releases"),
        ("turnover-rate?authority=331&year=2031", "no-such-year", "there_is"),
        ("turnover-rate?authority=331&year=2021&release=2025", "no-such-year", "there_is"),
        ("turnover-rate/series?authority=331&release=2022,2031", "no-such-release", "releases"),
        ("revisions?older=2022&newer=2031&measure=cases", "no-such-release", "releases"),
    ],
)
def test_what_there_is_not_is_answered_with_what_there_is(benchmarks: Loaded, path: str, kind: str, extra: str) -> None:
    answer = problem(benchmarks.ask(path), 404)
    assert answer["type"] == f"urn:workforce:problem:{kind}"
    assert answer[extra]


@pytest.mark.parametrize("path", ["turnover-rate?year=2022&", "turnover-rate/series?"])
def test_an_authority_without_a_row_has_no_figure(benchmarks: Loaded, path: str) -> None:
    answer = problem(benchmarks.ask(f"{path}authority=999&release=2022", "anyone"), 404)
    assert "Release 2022 has no row of authority 999 for" in answer["detail"]


def test_the_examples_of_the_documentation_have_the_members_of_the_answers(benchmarks: Loaded) -> None:
    document = httpx.get(f"{benchmarks.url}/openapi.json", timeout=60, trust_env=False).json()
    paths = {path: item for path, item in document["paths"].items() if path.startswith("/v1/benchmarks")}
    assert set(paths) == {
        "/v1/benchmarks/neighbours",
        "/v1/benchmarks/releases",
        "/v1/benchmarks/revisions",
        "/v1/benchmarks/{measure}",
        "/v1/benchmarks/{measure}/series",
    }
    shown = paths["/v1/benchmarks/{measure}"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    given = benchmarks.ask("turnover-rate?authority=331&year=2022&release=2022").json()
    assert list(shown) == list(given) == [*COMPARISON_EXAMPLE, *AGE]
    assert list(shown["rank"]) == list(given["rank"])
    assert [name for name in given["ours"] if name != "reason"] == list(COMPARISON_EXAMPLE["ours"])
    parameters = {item["name"]: item for item in paths["/v1/benchmarks/{measure}"]["get"]["parameters"]}
    own = {"measure", "authority", "year", "release", "neighbours", "as_known_at", "as_accepted_at"}
    assert set(parameters) == {*own, "format", "sheet"}
    assert (parameters["authority"]["required"], parameters["year"]["required"]) == (True, False)
    codes = {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^[0-9]{3}$"}}
    assert parameters["neighbours"]["schema"] == codes
    loading = {item["name"]: item for item in paths["/v1/benchmarks/releases"]["post"]["parameters"]}
    assert {name for name, item in loading.items() if item["required"]} == {"release", "published"}


def test_every_figure_that_dfe_marks_in_place_of_a_number_has_its_reason_beside_the_mark(benchmarks: Loaded) -> None:
    document = httpx.get(f"{benchmarks.url}/openapi.json", timeout=60, trust_env=False).json()
    for_measure = document["paths"]["/v1/benchmarks/{measure}"]["get"]["parameters"]
    (measures,) = (item["schema"]["enum"] for item in for_measure if item["name"] == "measure")
    asked = [f"{measure}?authority=331&year=2022&release=2022&neighbours=332,333,334" for measure in measures]
    asked += [f"{measure}/series?authority=331&release=2022&neighbours=334" for measure in measures]
    asked += [f"revisions?older=2022&newer=2025&measure={measure}" for measure in measures]
    answers = {path: benchmarks.ask(path) for path in asked}
    bodies = {path: answer.json() for path, answer in answers.items() if answer.status_code == 200}
    assert "turnover-rate/series?authority=331&release=2022&neighbours=334" in bodies
    assert {path: [*nulls_without_reason(answer, {"value", "change"})] for path, answer in bodies.items()} == {
        path: [] for path in bodies
    }
