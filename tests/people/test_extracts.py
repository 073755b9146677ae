"""Extracts in, figures out: what becomes of a file, of each of its rows, and of what its feed said before."""

import asyncio
import http.client
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlencode

import asyncpg

from tests.people.conftest import LARGEST_FILE
from tests.people.council import SECONDS, Council, Person, employees, posts


def problem(answer: object) -> str:
    """The kind of problem that an answer tells of."""
    kind: str = answer.json()["type"]  # type: ignore[attr-defined]
    return kind.removeprefix("urn:workforce:problem:")


# --- from a file to a figure ------------------------------------------------------------------------------------------


def test_posts_and_their_people_become_vacancies(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2, 3, 4, 5))
    file = council.delivered("employees_1.csv", employees(Person(1), Person(2), Person(3, fte="0.5")))
    assert file["state"] == "delivered"
    assert file["rows"] == {"read": 3, "accepted": 3, "already-known": 0, "rejected": 0, "left-out": 0}
    assert file["events"] == [
        {"type": "uk.workforce.worker.started.v1", "waiting": 0, "accepted": 3, "already-known": 0, "rejected": 0}
    ]
    council.wait_for_figure("vacancies", 2.5)


def test_a_figure_is_explained_down_to_the_file_and_row_that_it_came_from(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1))
    file = council.delivered("employees_1.csv", employees(Person(1)))
    council.wait_for_figure("in-post", 1)
    explained = council.ask("GET", "/v1/measures/in-post/explanation", "analyst", "metrics", as_at="2023-10-31").text
    (worker,) = set(re.findall("worker/P-[A-Z2-7]{24}", explained))
    (event,) = council.ask("GET", f"/v1/subjects/{worker}", "analyst", "metrics").json()["events"]
    assert event["provenance"] == f"feed hr, employees of 2023-10-31 ({file['sha256'][:8]}), row 2"


def test_a_mistyped_feed_is_told_with_the_feed_that_may_be_meant(council: Council) -> None:
    sent = {"file": "posts_1.csv", "as_at": "2023-10-31"}
    answer = council.ask("POST", "/v1/feeds/hrr/files", content=posts(1).encode(), **sent)
    assert (answer.status_code, problem(answer)) == (404, "no-mapping")
    assert "Feed hrr of authority" in answer.json()["detail"]
    assert "(perhaps hr; of this authority hr has one)" in answer.json()["detail"]


def test_the_same_file_twice_is_known_and_changes_nothing(council: Council) -> None:
    first = council.delivered("posts_1.csv", posts(1, 2))
    again = council.send("posts_1.csv", posts(1, 2))
    assert again.status_code == 200
    assert (again.json()["status"], again.json()["id"]) == ("already-known", first["id"])


def test_a_file_that_says_again_what_another_of_its_day_changed_is_taken_in_again(council: Council) -> None:
    whole, half = posts(1, 2), posts(1, 2).replace("PST-2,Social Worker,1,", "PST-2,Social Worker,0.5,")
    council.delivered("posts_1.csv", whole)
    council.delivered("posts_1.csv", half)
    council.wait_for_figure("establishment", 1.5)
    back = council.delivered("posts_1.csv", whole)
    assert back["rows"] == {"read": 2, "accepted": 1, "already-known": 1, "rejected": 0, "left-out": 0}
    council.wait_for_figure("establishment", 2)


def test_an_extract_of_a_day_to_come_is_refused_for_it_would_hold_up_all_others(council: Council) -> None:
    answer = council.send("posts_1.csv", posts(1, 2), as_at="2099-12-01")
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert (fault["field"], fault["problem"], fault["value"]) == ("as_at", "is in the future", "2099-12-01")


def test_the_same_rows_a_month_later_are_known_row_by_row(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2))
    later = council.delivered("posts_2.csv", posts(2, 1), as_at="2023-11-30")
    assert later["rows"] == {"read": 2, "accepted": 0, "already-known": 2, "rejected": 0, "left-out": 0}
    assert later["events"] == []


def test_who_left_is_counted_out_once_the_file_says_so(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2))
    council.delivered("employees_1.csv", employees(Person(1), Person(2)))
    council.wait_for_figure("vacancies", 0)
    gone = Person(2, leaving="15/11/2023", left_post="15/11/2023", reason="Resignation")
    file = council.delivered("employees_2.csv", employees(Person(1), gone), as_at="2023-11-30")
    assert [event["type"] for event in file["events"]] == ["uk.workforce.worker.left.v1"]
    council.wait_for_figure("vacancies", 1, as_at="2023-11-30")
    assert council.figure("vacancies") == 0


def test_a_file_of_changes_is_counted_and_corrected_by_the_next(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2))
    council.delivered("employees_1.csv", employees(Person(1), Person(2)))
    header = "Employee Number,Date,Cases"
    file = council.delivered("caseloads_1.csv", f"{header}\n1,30/09/2023,14\n2,30/09/2023,20\n")
    assert file["events"] == [
        {"type": "uk.workforce.caseload.counted.v1", "waiting": 0, "accepted": 2, "already-known": 0, "rejected": 0}
    ]
    council.wait_for_figure("cases", 34, as_at="2023-09-30")
    # Only what is new: the other one stays.
    later = council.delivered("caseloads_2.csv", f"{header}\n000001,30/09/2023,16\n", as_at="2023-11-30")
    assert later["rows"] == {"read": 1, "accepted": 1, "already-known": 0, "rejected": 0, "left-out": 0}
    council.wait_for_figure("cases", 36, as_at="2023-09-30")


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_bad_row_is_answered_and_holds_up_no_good_one(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2))
    file = council.delivered("employees_1.csv", employees(Person(1, fte="part"), Person(2)))
    assert file["rows"] == {"read": 2, "accepted": 1, "already-known": 0, "rejected": 1, "left-out": 0}
    (bad,) = council.rows(file["id"], status="rejected")
    assert bad["row"] == 2
    assert bad["faults"] == [
        {"column": "FTE", "problem": "is not a number", "expected": "a number as 0.6", "value": "part"}
    ]
    council.wait_for_figure("in-post", 1)


def test_a_mended_row_is_taken_in_with_the_next_file(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2))
    council.delivered("employees_1.csv", employees(Person(1, fte="part"), Person(2)))
    file = council.delivered("employees_2.csv", employees(Person(1, fte="0.5"), Person(2)))
    assert file["rows"] == {"read": 2, "accepted": 1, "already-known": 1, "rejected": 0, "left-out": 0}
    council.wait_for_figure("in-post", 1.5)


def test_what_was_stated_stays_while_its_row_is_broken(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1))
    council.delivered("employees_1.csv", employees(Person(1)))
    file = council.delivered("employees_2.csv", employees(Person(1, fte="part")), as_at="2023-11-30")
    assert (file["rows"]["rejected"], file["events"]) == (1, [])
    council.wait_for_figure("in-post", 1, as_at="2023-11-30")


def test_rows_are_given_page_by_page_and_as_an_annotated_copy(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2, 3))
    file = council.delivered("employees_1.csv", employees(Person(1), Person(2, fte="=1+1"), Person(3)))
    first = council.ask("GET", f"/v1/files/{file['id']}/rows", limit="2").json()
    assert [row["row"] for row in first["rows"]] == [2, 3]
    assert first["links"]["next"] == f"/v1/files/{file['id']}/rows?limit=2&after=3"
    second = council.ask("GET", f"/v1/files/{file['id']}/rows", limit="2", after="3").json()
    assert ([row["row"] for row in second["rows"]], second["links"]) == ([4], {})
    lines = council.ask("GET", f"/v1/files/{file['id']}/rows", format="csv").text.splitlines()
    columns = lines[0].split(",")
    assert columns[:6] == ["row", "status", "column", "value", "problem", "expected"]
    assert columns[6:9] == ["Post Number", "FTE", "Start in Post"]
    assert len(columns) == len(set(columns))
    assert lines[1].startswith("2,accepted,,,,,,")
    # As a spreadsheet would open it: what looks like a formula is none.
    assert lines[2].startswith("3,rejected,FTE,'=1+1,")
    assert "17 Frobisher Crescent" not in "".join(lines)


def test_columns_that_the_mapping_does_not_name_are_told_once_and_dropped(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1))
    answer = council.send("employees_1.csv", employees(Person(1)))
    assert answer.json()["dropped_columns"] == ["Home Address"]
    # So that nothing of it is on its way while others look at all that is kept.
    council.settled(answer.json()["id"])


# --- whole files ------------------------------------------------------------------------------------------------------


def test_an_older_extract_is_refused_whole(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2), as_at="2023-11-30")
    file = council.delivered("posts_2.csv", posts(1, 2, 3), as_at="2023-10-31", recorded_at="2023-10-31T18:00:00Z")
    assert (file["state"], file["events"]) == ("refused", [])
    assert file["refusal"]["problem"]
    assert file["refusal"]["expected"]


def test_a_far_smaller_extract_is_refused_until_somebody_says_that_it_is_right(council: Council) -> None:
    council.delivered("posts_1.csv", posts(*range(1, 11)))
    council.wait_for_figure("establishment", 10, as_at="2023-11-30")
    refused = council.delivered("posts_2.csv", posts(1, 2), as_at="2023-11-30")
    assert refused["state"] == "refused"
    taken = council.delivered("posts_2.csv", posts(1, 2), as_at="2023-11-30", confirmed="true")
    assert taken["state"] == "delivered"


def test_a_file_that_begins_to_come_before_another_and_is_whole_after_it_is_not_older_than_it(council: Council) -> None:
    halved = posts(1, 2).replace("PST-2,Social Worker,1,", "PST-2,Social Worker,0.5,").encode()
    parameters = {"authority": council.authority, "file": "posts_1.csv", "as_at": "2023-10-31"}
    slow = http.client.HTTPConnection(council.system.people.url.removeprefix("http://"), timeout=SECONDS)
    slow.putrequest("POST", f"/v1/feeds/hr/files?{urlencode(parameters)}")
    slow.putheader("Authorization", f"Bearer {council.keys['HR system']}")
    slow.putheader("Content-Length", str(len(halved)))
    slow.endheaders()
    slow.send(halved[:50])
    first = council.delivered("posts_1.csv", posts(1, 2))
    slow.send(halved[50:])
    answer = slow.getresponse()
    assert answer.status == 202
    second = council.settled(json.loads(answer.read())["id"])
    slow.close()
    assert (first["state"], second["state"]) == ("delivered", "delivered")
    assert second["recorded_at"] > first["recorded_at"]
    council.wait_for_figure("establishment", 1.5)


def test_files_of_one_feed_that_come_at_once_are_all_taken_in(council: Council) -> None:
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda last: council.send("posts_1.csv", posts(1, 2, last)), range(3, 11)))
    assert [answer.status_code for answer in answers] == [202] * 8
    files = [council.settled(answer.json()["id"]) for answer in answers]
    assert [file["refusal"] for file in files] == [None] * 8
    in_order = sorted(files, key=lambda file: file["id"])
    assert in_order == sorted(files, key=lambda file: datetime.fromisoformat(file["recorded_at"]))


def test_a_file_that_the_mapping_does_not_know_is_refused_at_once(council: Council) -> None:
    answer = council.send("canteen.csv", posts(1))
    assert (answer.status_code, problem(answer)) == (422, "file-refused")


def test_a_file_that_is_too_large_is_refused_with_what_would_help(council: Council) -> None:
    answer = council.send("posts_1.csv", "x" * (LARGEST_FILE + 1))
    assert (answer.status_code, problem(answer)) == (413, "too-large")
    assert "WORKFORCE_LARGEST_FILE_BYTES" in answer.json()["detail"]


def test_an_extract_of_tomorrow_is_refused(council: Council) -> None:
    answer = council.send("posts_1.csv", posts(1), recorded_at="2099-01-01T00:00:00Z")
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["recorded_at"]


# --- dry runs ---------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2))
    council.wait_for_figure("vacancies", 2)
    before = asyncio.run(everything(council))
    answer = council.send("employees_1.csv", employees(Person(1), Person(2, fte="part")), dry_run="true")
    assert answer.status_code == 200
    told = answer.json()
    assert told["rows"] == {"read": 2, "accepted": 1, "already-known": 0, "rejected": 1, "left-out": 0}
    assert told["events"] == [{"type": "uk.workforce.worker.started.v1", "events": 1}]
    assert [(row["row"], row["faults"][0]["column"]) for row in told["rejected"]] == [(3, "FTE")]
    assert told["effect_reason"] is None
    effect = {figure["measure"]: (figure["before"], figure["after"]) for figure in told["effect"]}
    assert effect == {"vacancies": (2, 1), "in-post": (0, 1), "agency": (0, 0)}
    assert asyncio.run(everything(council)) == before


def test_a_dry_run_of_a_file_that_was_sent_before_tells_that_all_is_known(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2))
    sent = {"file": "employees_1.csv", "content": employees(Person(1), Person(2))}
    at = {"as_at": "2023-10-31", "recorded_at": "2023-10-31T23:59:59Z"}
    council.delivered(*sent.values(), **at)
    told = council.send(*sent.values(), **at, dry_run="true").json()
    assert told["refusal"] is None
    assert told["rows"] == {"read": 2, "accepted": 0, "already-known": 2, "rejected": 0, "left-out": 0}
    assert told["events"] == []


def test_a_dry_run_of_a_file_that_would_be_refused_promises_no_event_of_it(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1, 2, 3))
    council.wait_for_figure("vacancies", 3)
    far_fewer = {"file": "posts_2.csv", "text": posts(9), "as_at": "2023-11-30"}
    told = council.send(**far_fewer, dry_run="true").json()
    became = council.delivered(**far_fewer)
    assert told["refusal"] == became["refusal"]
    assert told["refusal"]["problem"] == (
        "rows name 1 subjects that no rule leaves out, and those of the last extract 3"
    )
    for answer in (told, became):
        assert answer["rows"] == {"read": 1, "accepted": 0, "already-known": 0, "rejected": 0, "left-out": 0}
        assert (answer["events"], answer["questions"]) == ([], [])
    assert (told["effect"], told["effect_reason"]) == (None, "the file would be refused")
    # Somebody's word changes that, in a dry run too.
    assert council.send(**far_fewer, dry_run="true", confirmed="true").json()["rows"]["accepted"] == 1


async def everything(council: Council) -> dict[str, str]:
    """All that people keeps."""
    connection = await asyncpg.connect(council.system.databases["people"])
    try:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        found = {}
        for (name,) in names:
            rows = await connection.fetch(f'SELECT to_json(one)::text AS text FROM "{name}" AS one ORDER BY 1')
            found[name] = json.dumps([row["text"] for row in rows])
        return found
    finally:
        await connection.close()


# --- mappings and feeds -----------------------------------------------------------------------------------------------


def test_a_mapping_is_given_back_as_it_was_put_and_each_is_kept(council: Council) -> None:
    text = council.ask("GET", "/v1/feeds/hr/mapping").text
    assert text.startswith("# yaml-language-server")
    council.put_mapping(text + "\n# Mended on Tuesday.\n")
    assert council.ask("GET", "/v1/feeds/hr/mapping").text.endswith("# Mended on Tuesday.\n")
    again = council.ask("PUT", "/v1/feeds/hr/mapping", content=text.encode())
    assert again.json()["version"] == 3


def test_a_mapping_that_cannot_be_applied_is_refused_with_its_lines(council: Council) -> None:
    answer = council.ask("PUT", "/v1/feeds/hr/mapping", content=b"files:\n  posts: {kind: postes}\n")
    assert (answer.status_code, problem(answer)) == (422, "mapping-refused")
    assert answer.json()["faults"][0]["field"].startswith("line 2")


def test_feeds_tell_when_they_last_came_to_who_reads_and_who_sends(council: Council) -> None:
    council.delivered("posts_1.csv", posts(1), recorded_at="2023-10-31T18:00:00Z")
    for caller in ("HR system", "analyst"):
        (feed,) = council.ask("GET", "/v1/feeds", caller).json()["feeds"]
        assert (feed["feed"], feed["file"], feed["as_at"]) == ("hr", "posts", "2023-10-31")
        assert feed["recorded_at"] == "2023-10-31T18:00:00Z"
        assert feed["age_seconds"] > 0
    assert council.ask("GET", "/v1/feeds", "registrar").status_code == 403


# --- keys -------------------------------------------------------------------------------------------------------------


def test_nobody_sends_or_reads_without_the_right(council: Council) -> None:
    file = council.delivered("posts_1.csv", posts(1))
    asked = [
        ("PUT", "/v1/feeds/hr/mapping"),
        ("GET", "/v1/feeds/hr/mapping"),
        ("POST", "/v1/feeds/hr/files"),
        ("GET", f"/v1/files/{file['id']}"),
        ("GET", f"/v1/files/{file['id']}/rows"),
    ]
    query = {"file": "posts_1.csv", "as_at": "2023-10-31"}
    for method, path in asked:
        more = query if method == "POST" else {}
        assert council.ask(method, path, None, content=b"x", **more).status_code == 401, path
        assert council.ask(method, path, "analyst", content=b"x", **more).status_code == 403, path
        assert council.ask(method, path, "neighbour", content=b"x", **more).status_code == 403, path
