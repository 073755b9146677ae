"""A council that sends extracts: its files, who may do what, and how an answer is waited for.

Invariant: each test speaks of an authority of its own, so that none sees what another sent.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.chassis.authentication import ApiKey, Right, new_key
from tests.invented import QUILLON, marks_in
from tests.parts import RealSystem

PLAIN = Path(__file__).parents[2] / "services/people/mapping/examples/plain.yaml"
SECONDS = 120.0
"""How long a file may take until its events are answered, on a slow machine; usually a second or two."""

CALLERS: dict[str, tuple[Right, ...]] = {
    "HR system": (Right.FEED,),
    "people": (Right.FEED, Right.ATTEST, Right.READ),
    "analyst": (Right.READ,),
    "registrar": (Right.PERSONS,),
    "eraser": (Right.ERASE,),
}
"""What each may do, of every authority."""
OF_ONE = {"neighbour": ("999", (Right.FEED, Right.READ, Right.PERSONS, Right.ERASE))}
"""And who may do all, of another authority alone."""


def keys() -> tuple[dict[str, str], str]:
    """A key for each caller, and what the services are told of them."""
    made = {name: new_key(name, "*", rights) for name, rights in CALLERS.items()}
    made |= {name: new_key(name, authority, rights) for name, (authority, rights) in OF_ONE.items()}
    return {name: key for name, (key, _) in made.items()}, as_setting([entry for _, entry in made.values()])


def as_setting(entries: Sequence[ApiKey]) -> str:
    """Keys as the setting of a service has them."""
    return json.dumps([entry.model_dump(mode="json") for entry in entries])


POSTS = "Post Number,Job Title,Funded FTE,Team,Service Area,Grade,CSWW Role"
EMPLOYEES = (
    "Employee Number,Forename,Surname,Date of Birth,Sex,Ethnicity,SWE Number,Department,Post Number,FTE,"
    "Start in Post,End in Post,Leaving Date,Leaving Reason,Destination,Came From,Route,Contract,Home Address"
)


def posts(*numbers: int, role: str = "Social Worker") -> str:
    """Posts as the plain mapping reads them."""
    return "\n".join([POSTS, *(f"PST-{number},{role},1,Duty,Help and Protection,G9,5" for number in numbers)])


@dataclass(frozen=True)
class Person:
    """Somebody invented, in a post from March 2021 on."""

    number: int
    post: str = ""
    fte: str = "1"
    start: str = "01/03/2021"
    forename: str = QUILLON.forename
    surname: str = QUILLON.surname
    born: str = QUILLON.born
    registration: str = QUILLON.registration
    leaving: str = ""
    reason: str = ""
    left_post: str = ""

    def __post_init__(self) -> None:
        """What is personal is invented, and would be found."""
        unknown = [one for one in (self.forename, self.surname, self.born, self.registration) if not marks_in(one)]
        assert not unknown, f"not from tests.invented: {unknown}"

    def row(self) -> str:
        """The person's line."""
        name = [self.forename, self.surname, self.born, "Female", QUILLON.ethnicity, self.registration]
        post = ["Children", self.post or f"PST-{self.number}", self.fte, self.start, self.left_post]
        left = [self.leaving, self.reason, "", "", "", "Permanent", f"17 {QUILLON.street}"]
        return ",".join([str(self.number), *name, *post, *left])


def employees(*persons: Person) -> str:
    """Employees as the plain mapping reads them."""
    return "\n".join([EMPLOYEES, *(person.row() for person in persons)])


@dataclass(frozen=True)
class Council:
    """One authority's side of the service, with the keys of its callers."""

    system: RealSystem
    authority: str
    keys: Mapping[str, str]

    def ask(
        self, method: str, path: str, caller: str | None = "HR system", service: str = "people",
        content: bytes | str | None = None, **query: str,
    ) -> httpx.Response:  # fmt: skip
        """Ask one of the services as one of the callers."""
        headers = {} if caller is None else {"Authorization": f"Bearer {self.keys[caller]}"}
        url = self.system.services[service].url + path
        params = {"authority": self.authority, **query} if path.startswith("/v1/") else query
        if path.startswith("/v1/files/"):
            params.pop("authority")
        return httpx.request(
            method, url, params=params, content=content, headers=headers, timeout=SECONDS, trust_env=False
        )

    def put_mapping(self, text: str | None = None) -> None:
        """Put a mapping of the feed hr: the plain example."""
        content = PLAIN.read_text(encoding="utf-8") if text is None else text
        answer = self.ask("PUT", "/v1/feeds/hr/mapping", content=content.encode())
        assert answer.status_code == 200, answer.text

    def send(self, file: str, text: str | bytes, as_at: str = "2023-10-31", **query: str) -> httpx.Response:
        """Send a file of the feed hr, without waiting for what becomes of it."""
        content = text.encode() if isinstance(text, str) else text
        return self.ask("POST", "/v1/feeds/hr/files", content=content, **{"file": file, "as_at": as_at, **query})

    def delivered(self, file: str, text: str | bytes, as_at: str = "2023-10-31", **query: str) -> dict[str, Any]:
        """Send a file, and give what became of it when that is known for good."""
        answer = self.send(file, text, as_at, **query)
        assert answer.status_code == 202, answer.text
        return self.settled(answer.json()["id"])

    def settled(self, id: int) -> dict[str, Any]:
        """What became of a file when it was refused, or the doors have answered for all its events."""
        deadline = time.monotonic() + SECONDS
        while (found := self.file(id))["state"] not in ("refused", "delivered"):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def file(self, id: int) -> dict[str, Any]:
        """What became of a file so far."""
        answer = self.ask("GET", f"/v1/files/{id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, id: int, **query: str) -> list[dict[str, Any]]:
        """The answers to the rows of a file."""
        answer = self.ask("GET", f"/v1/files/{id}/rows", **query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found

    def figure(self, measure: str, as_at: str = "2023-10-31") -> float | None:
        """A figure as metrics knows it now; None where it knows nothing of the authority."""
        answer = self.ask("GET", f"/v1/measures/{measure}", "analyst", "metrics", as_at=as_at)
        return answer.json()["total"] if answer.status_code == 200 else None

    def wait_for_figure(self, measure: str, value: float, as_at: str = "2023-10-31") -> None:
        """Wait until metrics says so."""
        deadline = time.monotonic() + SECONDS
        while (found := self.figure(measure, as_at)) != value:
            assert time.monotonic() < deadline, f"{measure} is {found}, not {value}"
            time.sleep(0.1)
