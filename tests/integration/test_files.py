"""Every list as a file, which is whole, and page by page as JSON, which says how many there are.

Invariant: what a file holds is what all pages together hold.
"""

from typing import Any

import pytest
import pytest_asyncio

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault, post_established, worker_started
from tests.integration.year import AFTER_ALL, BEFORE_THE_CORRECTION, sent
from tests.parts import RealSystem
from tests.unit.metrics.test_workbook import sheets

AUTHORITY, PAYERS = "814", "815"
OF = f"authority={AUTHORITY}&as_known_at={AFTER_ALL}"
PAID = f"authority={PAYERS}&from=2024-03-01&to=2024-03-31"
LISTS = {
    f"/v1/measures/in-post-headcount/explanation?{OF}&as_at=2024-03-31": "parts",
    f"/v1/changes?authority={AUTHORITY}&from_known={BEFORE_THE_CORRECTION}&to_known={AFTER_ALL}"
    "&as_at=2023-10-31": "changes",
    f"/v1/quality?{OF}&as_at=2024-03-31": "findings",
    f"/v1/subjects/worker/W-3?{OF}": "events",
    f"/v1/academy/cohorts/all?{OF}&as_at=2024-03-31": "members",
}
PEOPLE = 230


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    return await sent(system, AUTHORITY)


@pytest_asyncio.fixture(scope="module")
async def payments(system: RealSystem) -> Feed:
    """230 social workers, each paid GBP 3,000 in March 2024."""
    of: dict[str, Any] = {"authority": PAYERS}
    numbers = [f"{number:03}" for number in range(PEOPLE)]
    hiring = [post_established(f"E-{number}", f"P-{number}", **of) for number in numbers]
    hiring += [worker_started(f"S-{number}", f"W-{number}", f"P-{number}", **of) for number in numbers]
    paid = {"paid_on": "2024-03-28", "service_completed_on": "2024-03-31", "amount": 3000}
    payments = [
        cloud_event("retention-payment.made", f"worker/W-{number}", f"R-{number}", paid, **of) for number in numbers
    ]
    for service, events in ((system.recruitment, hiring), (system.retention, payments)):
        feed = Feed(service.url)
        for at in range(0, len(events), 50):
            assert feed.batch(*events[at : at + 50]).status_code in (200, 202, 207)
    subjects = {f"{kind}-{number}" for kind in ("post/P", "worker/W") for number in numbers}
    await arrival(system.databases["metrics"], PAYERS, subjects, 3 * PEOPLE)
    return Feed(system.metrics.url)


def test_a_file_adds_up_to_the_figure_whatever_page_is_asked_for(payments: Feed) -> None:
    path = f"/v1/measures/retention-payments-paid/explanation?{PAID}"
    for query in ("", "&limit=100", "&limit=1&offset=7"):
        lines = payments.rows(path + query)
        assert (len(lines), sum(float(line["amount"]) for line in lines)) == (PEOPLE, 690_000)
    page = payments.get(path).json()
    assert (page["count"], page["exact"], len(page["parts"])) == (PEOPLE, "690000", 100)
    assert "next" in page["links"]
    about = payments.about(path)
    assert (about["count"], about["exact"], about["total"]) == ("230", "690000", "690000.0")


@pytest.mark.parametrize("path", LISTS)
def test_a_file_has_as_many_rows_as_all_pages(metrics: Feed, path: str) -> None:
    member, page = LISTS[path], metrics.get(f"{path}&limit=2").json()
    count, rows = page["count"], page[member]
    while "next" in page["links"]:
        page = metrics.get(page["links"]["next"]).json()
        assert (page["count"], len(page[member]) <= 2) == (count, True)
        rows += page[member]
    assert len(rows) == count == len(metrics.rows(f"{path}&limit=2"))
    assert metrics.about(path)["count"] == str(count)
    if member in ("parts", "changes", "events"):
        assert count > 2


@pytest.mark.parametrize(
    "path", [*LISTS, f"/v1/measures/vacancies?{OF}&by=role", "/v1/measures?", "/v1/quality/checks?"]
)
def test_a_file_can_be_asked_for_by_parameter_path_or_header(metrics: Feed, path: str) -> None:
    route, _, query = path.partition("?")
    by_header = metrics.get(path, "text/csv")
    by_path, by_parameter = metrics.get(f"{route}.csv?{query}"), metrics.get(f"{path}&format=csv")
    assert by_header.status_code == by_path.status_code == by_parameter.status_code == 200
    assert by_header.content == by_path.content == by_parameter.content
    assert by_header.headers["etag"] == by_path.headers["etag"] == by_parameter.headers["etag"]
    assert by_path.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_path.headers["content-disposition"].endswith('.csv"')
    assert metrics.get(f"{path}&format=json", "text/csv").headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", [*LISTS, f"/v1/measures/vacancies?{OF}&by=role", "/v1/measures?"])
def test_a_workbook_has_the_rows_of_the_file_and_a_sheet_that_says_what_they_are(metrics: Feed, path: str) -> None:
    route, _, query = path.partition("?")
    answer = metrics.get(f"{route}.xlsx?{query}")
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    again = metrics.get(f"{path}&format=xlsx")
    assert again.headers["etag"] == answer.headers["etag"] != metrics.get(path, "text/csv").headers["etag"]
    data, about = sheets(answer.content)
    assert len(data) == 1 + len(metrics.rows(path))
    if OF in path or "changes" in path:
        told = {name: value for (_, name), *rest in about[1:] for _, value in rest}
        assert told["authority"] == AUTHORITY
        assert "complete_until" in told
        assert ("as_known_at" in told) or ("to_known" in told)


@pytest.mark.parametrize("path", LISTS)
def test_a_file_has_a_column_for_all_that_rows_say_of_themselves(metrics: Feed, path: str) -> None:
    rows, (heading, *_) = (
        metrics.get(f"{path}&limit=1000").json()[LISTS[path]],
        metrics.get(path, "text/csv").text.splitlines(),
    )
    columns = set(heading.split(","))
    plain = {name for row in rows for name, value in row.items() if not isinstance(value, list | dict)}
    assert plain - columns == set()


def test_a_file_of_events_says_of_which_source_what_they_void_and_supersede_is(metrics: Feed) -> None:
    line = metrics.rows(f"/v1/subjects/worker/W-3?{OF}")[0]
    assert {"supersedes", "supersedessource", "voids", "voidssource"} <= set(line)


def test_a_file_is_called_after_what_it_holds(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/measures/vacancies.csv?{OF}&as_at=2023-10-31")
    assert answer.headers["content-disposition"] == 'attachment; filename="vacancies-814-2023-10-31.csv"'


def test_a_format_that_there_is_not_is_refused(metrics: Feed) -> None:
    assert fault(metrics.get(f"/v1/measures/vacancies?{OF}&format=pdf"), 422)["field"] == "format"
    assert metrics.get(f"/v1/measures/vacancies?{OF}&sheet=about").json()["measure"] == "vacancies"
    assert fault(metrics.get(f"/v1/measures/vacancies?{OF}&sheet=other&format=csv"), 422)["field"] == "sheet"
