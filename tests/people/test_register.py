"""The register of persons: who is in it, who may read it, what is told of that, and how somebody is forgotten."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from tests.invented import ADALIND
from tests.people.council import Council, Person, employees, posts

NAMED = {name: getattr(ADALIND, name) for name in ("forename", "surname", "born", "registration")}
ADA = Person(4711, post="PST-1", **NAMED)
WHY = "registration number for the statutory return"


@pytest.fixture
def worker(council: Council) -> str:
    """The id of somebody whom the register knows."""
    council.delivered("posts_1.csv", posts(1))
    council.delivered("employees_1.csv", employees(ADA))
    return found(council, "4711")


def found(council: Council, reference: str) -> str:
    """The one worker's id of a staff number."""
    (worker,) = council.ask("GET", "/v1/persons", "registrar", reference=reference, reason=WHY).json()["workers"]
    return str(worker)


def read(council: Council, worker: str, path: str = "", caller: str = "registrar") -> httpx.Response:
    """Ask for a person."""
    return council.ask("GET", f"/v1/persons/{worker}{path}", caller, reason=WHY)


def audit(council: Council) -> list[dict[str, Any]]:
    """The audit trail of the authority."""
    entries: list[dict[str, Any]] = council.ask("GET", "/v1/audit", "registrar").json()["entries"]
    return entries


async def rows_of(council: Council, query: str, *values: object) -> list[asyncpg.Record]:
    """Rows of the database of people."""
    connection = await asyncpg.connect(council.system.databases["people"])
    try:
        return await connection.fetch(query, *values)
    finally:
        await connection.close()


# --- who is in it -----------------------------------------------------------------------------------------------------


def test_what_a_file_says_of_a_person_is_found_by_the_staff_number_however_it_is_padded(
    council: Council, worker: str
) -> None:
    assert found(council, "004711") == worker
    assert read(council, worker).json()["details"] == {
        "name": "Adalind Quillfeather",
        "date_of_birth": "1921-03-02",
        "sex": "Female",
        "ethnicity": "Zemblan",
        "registration_number": "SW123456",
    }


def test_figures_speak_of_the_person_by_the_same_id(council: Council, worker: str) -> None:
    council.wait_for_figure("in-post", 1)
    answer = council.ask("GET", f"/v1/subjects/worker/{worker}", "analyst", "metrics")
    assert answer.json()["count"] == 1


def test_two_authorities_give_the_same_number_different_ids(council: Council, worker: str) -> None:
    other = Council(council.system, str(int(council.authority) + 500), council.keys)
    other.put_mapping()
    other.delivered("posts_1.csv", posts(1))
    other.delivered("employees_1.csv", employees(ADA))
    assert found(other, "4711") != worker


def test_what_was_known_before_is_kept_beside_what_is_known_now(council: Council, worker: str) -> None:
    married = Person(4711, "PST-1", forename="Adalind", surname="Quillfeather-Smythe", born=ADALIND.born)
    council.delivered("employees_2.csv", employees(married), as_at="2023-11-30")
    assert read(council, worker).json()["details"]["name"] == "Adalind Quillfeather-Smythe"
    history = read(council, worker, "/export").json()["history"]
    assert [one["details"]["name"] for one in history] == ["Adalind Quillfeather", "Adalind Quillfeather-Smythe"]
    assert [one["details"]["registration_number"] for one in history] == ["SW123456", "SW990017"]


def test_what_did_not_change_is_kept_once(council: Council, worker: str) -> None:
    moved = Person(4711, "PST-1", "0.5", **NAMED)
    council.delivered("employees_2.csv", employees(moved), as_at="2023-11-30")
    assert len(read(council, worker, "/export").json()["history"]) == 1


# --- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", ["HR system", "people", "analyst", "eraser", "neighbour"])
def test_nobody_reads_the_register_without_the_right_for_the_authority(
    council: Council, worker: str, caller: str
) -> None:
    for path in (f"/v1/persons/{worker}", f"/v1/persons/{worker}/export", "/v1/persons", "/v1/audit"):
        more = {} if path == "/v1/audit" else {"reason": WHY} | ({"reference": "1"} if path == "/v1/persons" else {})
        assert council.ask("GET", path, caller, **more).status_code == 403, path
    assert audit_of(council, caller) == []


def audit_of(council: Council, caller: str) -> list[dict[str, Any]]:
    """What one caller did."""
    return [entry for entry in audit(council) if entry["caller"] == caller]


@pytest.mark.parametrize("caller", ["HR system", "analyst", "registrar", "neighbour"])
def test_nobody_erases_without_the_right_for_the_authority(council: Council, worker: str, caller: str) -> None:
    assert council.ask("DELETE", f"/v1/persons/{worker}", caller, reason=WHY).status_code == 403
    assert read(council, worker).json()["erased_at"] is None


def test_nobody_reads_without_saying_why(council: Council, worker: str) -> None:
    answer = council.ask("GET", f"/v1/persons/{worker}", "registrar")
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["reason"]


# --- what is told of that ---------------------------------------------------------------------------------------------


def test_each_reading_stands_in_the_audit_trail_with_who_whom_and_why(council: Council, worker: str) -> None:
    read(council, worker)
    read(council, worker, "/export")
    said = [(entry["action"], entry["caller"], entry["worker"], entry["reason"]) for entry in audit(council)]
    assert said == [
        ("search", "registrar", None, WHY),
        ("read", "registrar", worker, WHY),
        ("export", "registrar", worker, WHY),
    ]


def test_asking_for_somebody_who_is_not_there_stands_in_it_too(council: Council) -> None:
    assert read(council, "P-NOBODY").status_code == 404
    assert [(entry["action"], entry["worker"]) for entry in audit(council)] == [("read", "P-NOBODY")]


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET caller = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"], ids=str.split
)
def test_the_audit_trail_is_only_ever_added_to(council: Council, worker: str, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        asyncio.run(rows_of(council, change))
    assert [entry["action"] for entry in audit(council)] == ["search"]


# --- forgetting -------------------------------------------------------------------------------------------------------


def test_the_register_forgets_and_the_figures_stay(council: Council, worker: str) -> None:
    council.wait_for_figure("in-post", 1)
    answer = council.ask("DELETE", f"/v1/persons/{worker}", "eraser", reason="asked to be forgotten")
    assert answer.status_code == 200
    told = read(council, worker).json()
    assert (told["details"], told["erased_at"]) == ({}, answer.json()["erased_at"])
    assert council.ask("GET", "/v1/persons", "registrar", reference="4711", reason=WHY).json()["workers"] == []
    assert council.figure("in-post") == 1
    kept = asyncio.run(rows_of(council, "SELECT wrapped_key, reference_digest FROM person WHERE worker = $1", worker))
    assert [tuple(row) for row in kept] == [(None, None)]
    assert asyncio.run(rows_of(council, "SELECT FROM person_details WHERE worker = $1", worker)) == []


def test_later_files_give_events_under_the_same_id_and_no_details(council: Council, worker: str) -> None:
    council.ask("DELETE", f"/v1/persons/{worker}", "eraser", reason="asked to be forgotten")
    halved = Person(4711, "PST-1", "0.5", forename="Adalind", surname="Quillfeather")
    file = council.delivered("employees_2.csv", employees(halved), as_at="2023-11-30")
    assert file["rows"]["accepted"] == 1
    council.wait_for_figure("in-post", 0.5, as_at="2023-11-30")
    assert read(council, worker, "/export").json()["history"] == []
    assert council.ask("GET", "/v1/persons", "registrar", reference="4711", reason=WHY).json()["workers"] == []


def test_of_a_rejected_row_nothing_personal_is_repeated_in_whatever_column_it_stands(
    council: Council, worker: str
) -> None:
    broken = Person(4711, "Adalind Quillfeather", "part", forename="Adalind", surname="Quillfeather")
    file = council.delivered("employees_2.csv", employees(broken), as_at="2023-11-30")
    (row,) = council.rows(file["id"])
    assert [(fault["column"], fault.get("value")) for fault in row["faults"]] == [
        ("Post Number", None),
        ("FTE", "part"),
    ]
    told = {cell["column"]: cell["value"] for cell in row["cells"]}
    assert (told["FTE"], told["Start in Post"], "Post Number" in told) == ("part", "01/03/2021", False)
    assert not {"Employee Number", "Forename", "Surname", "Date of Birth", "Sex", "Ethnicity"} & told.keys()
    copy = council.ask("GET", f"/v1/files/{file['id']}/rows", format="csv").text
    assert [word for word in ("Adalind", "Quillfeather", "4711") if word in copy] == []


def test_with_a_person_go_the_cells_of_rejected_rows(council: Council, worker: str) -> None:
    broken = Person(4711, "PST-1", "part", forename="Adalind", surname="Quillfeather")
    file = council.delivered("employees_2.csv", employees(broken), as_at="2023-11-30")
    assert {"column": "FTE", "value": "part"} in council.rows(file["id"])[0]["cells"]
    council.ask("DELETE", f"/v1/persons/{worker}", "eraser", reason="asked to be forgotten")
    (row,) = council.rows(file["id"])
    assert (row["status"], row["cells"], row["faults"]) == ("rejected", [], [])


def test_forgetting_twice_changes_nothing(council: Council, worker: str) -> None:
    first = council.ask("DELETE", f"/v1/persons/{worker}", "eraser", reason="asked to be forgotten").json()
    again = council.ask("DELETE", f"/v1/persons/{worker}", "eraser", reason="asked once more").json()
    assert again == first


def test_nobody_is_said_to_be_erased_who_is_not_in_the_register_and_nothing_else_is_destroyed(
    council: Council, worker: str
) -> None:
    broken = Person(4711, "PST-1", "part", forename="Adalind", surname="Quillfeather")
    file = council.delivered("employees_2.csv", employees(broken), as_at="2023-11-30")
    answer = council.ask("DELETE", "/v1/persons/P-NOBODY", "eraser", reason="asked to be forgotten")
    assert (answer.status_code, answer.json()["title"]) == (404, "Nothing is held")
    assert {"column": "FTE", "value": "part"} in council.rows(file["id"])[0]["cells"]
    assert read(council, worker).json()["erased_at"] is None
