"""Nobody starves the others at the door: whatever strangers do, health answers, good events are accepted, memory stays.

Invariant: the service is a real process; what is counted is answers and bytes, never how quick it was.
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import psutil
import pytest

from services.chassis.authentication import Right, new_key
from tests.faults.strangers import EVENTS, Stranger, drop_by_drop, endless, how_many_ended, key_header, many
from tests.parts import PostgreSQL, Service, free_port

MOST_MEGABYTES = 60
"""How much larger the process may become, whatever is done to it: its budget of bodies is 8 MB."""
CONNECTIONS = 60
LIMITS = {
    "limits__head_seconds": 2,
    "limits__idle_seconds": 2,
    "limits__slow_seconds": 2,
    "limits__slowest_bytes_per_second": 500,
    "limits__connections": CONNECTIONS,
    "limits__bodies_bytes": 8_000_000,
    "limits__unread_bytes": 8_000_000,
    "largest_request_bytes": 2_000_000,
}
ENDED_WITHIN = 60.0
"""Seconds after which a connection beyond a limit of two has ended, on any machine."""


@dataclass(frozen=True)
class Door:
    """Recruitment with two keys: a good caller, and one who has a key and means no good."""

    service: Service
    good: str
    bad: str
    numbers: Iterator[int]

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.service.port

    def stranger(self) -> Stranger:
        """A new connection."""
        return Stranger(self.port)

    def health(self) -> int:
        """The status of its health, asked on a new connection."""
        return httpx.get(f"{self.service.url}/health/live", timeout=60, trust_env=False).status_code

    def send_good_event(self) -> int:
        """The status of the answer to an event that is as it should be, sent on a new connection."""
        number = next(self.numbers)
        data = {"effective_from": "2023-10-01", "role": "social-worker", "funded_fte": 1, "team": "duty",
                "service_area": "help-and-protection"}  # fmt: skip
        event = {"specversion": "1.0", "id": f"good-{number}", "source": "/coventry/hr", "authority": "331",
                 "type": "uk.workforce.post.established.v1", "subject": f"post/P-{number}", "data": data}  # fmt: skip
        headers = {"content-type": "application/cloudevents+json", "authorization": f"Bearer {self.good}"}
        url = f"{self.service.url}/v1/events"
        return httpx.post(url, content=json.dumps(event), headers=headers, timeout=60, trust_env=False).status_code

    @contextmanager
    def stays_open(self, good_events: bool = True) -> Iterator[None]:
        """While the block runs the others ask again and again: each must be answered, and memory must stay."""
        process = psutil.Process(self.service.process.pid)
        before, peak = process.memory_info().rss, 0
        answers: list[tuple[int, int]] = []
        over = threading.Event()

        def ask() -> None:
            nonlocal peak
            while not over.is_set() or len(answers) < 3:
                answers.append((again(self.health), again(self.send_good_event) if good_events else 202))
                peak = max(peak, process.memory_info().rss)
                over.wait(0.05)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield
        finally:
            over.set()
            asking.join()
        assert set(answers) == {(200, 202)}
        assert (peak - before) / 1e6 < MOST_MEGABYTES


def again(ask: Callable[[], int]) -> int:
    """Ask, and ask again where the connection is ended before anything was said on it, or for being slow.

    Among hundreds of silent connections one that is slow to say what it wants is taken for one of them; and a machine
    that is busy enough makes anybody slow.
    """
    for _ in range(4):
        with suppress(httpx.RemoteProtocolError, httpx.WriteError, httpx.ReadError):
            if (status := ask()) != 408:
                return status
    return ask()


@pytest.fixture(scope="module")
def door(postgres: PostgreSQL, parts_folder: Path) -> Iterator[Door]:
    made = {name: new_key(name, "331", (Right.FEED,)) for name in ("good", "bad")}
    told = {
        "database_url": postgres.create("the_door"),
        "api_keys": json.dumps([entry.model_dump(mode="json") for _, entry in made.values()]),
        "kafka_servers": f"127.0.0.1:{free_port()}",
        "kafka_idempotent_producer": False,
    }
    service = Service("recruitment", parts_folder / "the-door.log", told | LIMITS)
    try:
        service.start()
        service.wait_until_ready()
        yield Door(service, made["good"][0], made["bad"][0], itertools.count())
    finally:
        service.stop()


@pytest.mark.parametrize(
    ("beginning", "answer"),
    [
        ("GET / HTTP/1.1\r\nHost: x\r\nX-Endless: ", "HTTP/1.1 431"),
        ("GET /", "HTTP/1.1 414"),
        ("GET / HTTP/1.1\r\nHost: x\r\n" + "X-Small: 1\r\n" * 1500, "HTTP/1.1 431"),
        ("a", "HTTP/1.1 4"),
        ("\x16\x03\x01 no HTTP\r\n\r\n", "HTTP/1.1 400"),
        (f"{EVENTS}Transfer-Encoding: chunked\r\n\r\nffffff\r\n", "HTTP/1.1 401"),
        (f"{EVENTS}Content-Length: 4000000000\r\n\r\n", "HTTP/1.1 401"),
        ("POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\n", "HTTP/1.1 405"),
    ],
    ids=["header", "address", "headers", "method", "noise", "chunked body", "body", "body for health"],
)
def test_what_never_ends_is_refused_and_kept_nowhere(door: Door, beginning: str, answer: str) -> None:
    with door.stays_open():
        assert endless(door.stranger(), beginning).startswith(answer)


@pytest.mark.parametrize(
    "sent", [b"noise\r\n\r\n", b"GET /nothing HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"]
)
def test_strangers_write_no_lines_into_the_log(door: Door, sent: bytes) -> None:
    log = door.service.process.log
    before = log.read_text().count("\n")
    for _ in range(100):
        (stranger,) = many(door.port, 1, lambda new: new.send(sent))
        assert stranger.answer().startswith("HTTP/1.1 40")
        stranger.close()
    # Without Kafka the service says now and then that it waits for it.
    assert log.read_text().count("\n") - before < 50


@pytest.mark.parametrize(
    ("beginning", "drop", "answer"),
    [
        ("", "", ""),
        ("", "G", "HTTP/1.1 408"),
        ("GET /health/live HTTP/1.1\r\nHost: x\r\n", "X: 1\r\n", "HTTP/1.1 408"),
        ("GET /health/live HTTP/1.1\r\nHost: x\r\nX: ", "a", "HTTP/1.1 408"),
    ],
    ids=["nothing", "method", "headers", "header"],
)
def test_a_head_that_comes_drop_by_drop_is_ended(door: Door, beginning: str, drop: str, answer: str) -> None:
    with door.stays_open():
        if drop:
            assert drop_by_drop(door.stranger(), beginning, drop, ENDED_WITHIN).startswith(answer)
        else:
            assert how_many_ended([door.stranger()], ENDED_WITHIN) == 1


@pytest.mark.parametrize(
    ("framing", "quick", "drop"),
    [
        ("Content-Length: 100000\r\n", " " * 3000, " "),
        ("Transfer-Encoding: chunked\r\n", "BB8\r\n" + " " * 3000 + "\r\n", "1\r\n \r\n"),
    ],
    ids=["length", "chunked"],
)
def test_a_body_that_comes_drop_by_drop_is_ended_even_if_it_began_quickly(
    door: Door, framing: str, quick: str, drop: str
) -> None:
    beginning = f"{EVENTS}{key_header(door.bad)}{framing}\r\n{quick}"
    with door.stays_open():
        assert drop_by_drop(door.stranger(), beginning, drop, ENDED_WITHIN).startswith("HTTP/1.1 408")


@pytest.mark.parametrize(
    ("chunk", "title"),
    [("1\r\n \r\n", "crumbs"), ("20\r\n" + " " * 32 + "\r\n", "JSON")],
)
def test_a_body_in_crumbs_is_refused_and_honest_chunks_are_taken(door: Door, chunk: str, title: str) -> None:
    stranger = door.stranger()
    stranger.send(f"{EVENTS}{key_header(door.bad)}Transfer-Encoding: chunked\r\n\r\n")
    stranger.send(chunk * 3000 + "0\r\n\r\n")
    told = b""
    while b"}" not in told and (more := stranger.connection.recv(65_536)):
        told += more
    assert told.startswith(b"HTTP/1.1 400")
    assert title.encode() in told


def test_a_slow_honest_line_gets_its_event_in(door: Door) -> None:
    # Six seconds, three windows, at eight times the least rate that is asked for.
    event = b'{"specversion": "1.0", "id": "slow"' + b" " * 24_000 + b"}"
    pieces = [event[start : start + 400] for start in range(0, len(event), 400)]
    for _ in range(5):
        stranger, sent_at = door.stranger(), [time.monotonic()]
        stranger.send(f"{EVENTS}{key_header(door.bad)}Content-Length: {len(event)}\r\n\r\n")
        for piece in pieces:
            stranger.send(piece)
            sent_at.append(time.monotonic())
            time.sleep(0.1)
        answer = stranger.answer()
        # A line on which a busy machine let nothing pass for half a window was not the one that is meant.
        if answer.startswith("HTTP/1.1 422") or max(after - before for before, after in pairwise(sent_at)) < 1:
            break
    assert answer.startswith("HTTP/1.1 422")


def test_connections_that_ask_for_nothing_make_room_and_are_ended(door: Door) -> None:
    with door.stays_open():
        silent = many(door.port, 5 * CONNECTIONS, lambda _: None)
        answered = many(door.port, CONNECTIONS, lambda new: new.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert how_many_ended(silent + answered, ENDED_WITHIN) == 6 * CONNECTIONS


def unfinished(head: str, sent: int = 5000) -> Callable[[Stranger], object]:
    """Begins to send events, and does not end."""
    return lambda new: new.send(f"{EVENTS}{head}\r\n\r\n") and new.send(b" " * sent)


def test_one_caller_does_not_take_all_connections(door: Door) -> None:
    with door.stays_open():
        taken = many(door.port, 3 * CONNECTIONS, unfinished(f"{key_header(door.bad)}Content-Length: 30000"))
        assert how_many_ended(taken, ENDED_WITHIN) == 3 * CONNECTIONS


def test_who_has_no_key_and_reads_slowly_gives_way(door: Door) -> None:
    bundle = b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
    with door.stays_open():
        slow = many(door.port, 3 * CONNECTIONS, lambda new: new.send(bundle))
        assert how_many_ended(slow[:CONNECTIONS], ENDED_WITHIN) == CONNECTIONS
        for stranger in slow:
            stranger.close()


def test_when_every_connection_is_busy_health_answers_and_others_are_told_to_come_again(door: Door) -> None:
    # Who sends nothing more is gone after two seconds: on a slow machine the first before the last has come.
    for _ in range(10):
        busy = [
            stranger
            for key in (door.bad, door.good)
            for stranger in many(door.port, CONNECTIONS // 2, unfinished(f"{key_header(key)}Content-Length: 30000"))
        ]
        told = what_one_more_is_told(door)
        if told.startswith("HTTP/1.1 503"):
            break
        for stranger in busy:
            stranger.close()
    assert told.startswith("HTTP/1.1 503")
    assert [again(door.health) for _ in range(10)] == [200] * 10
    assert how_many_ended(busy, ENDED_WITHIN) == CONNECTIONS
    assert "as many connections as are allowed" in door.service.process.log.read_text()


def what_one_more_is_told(door: Door) -> str:
    """Until the service has seen that all are busy, and that who asked before is gone, others may still get in."""
    for _ in range(20):
        threading.Event().wait(0.1)
        (stranger,) = many(door.port, 1, lambda new: new.send("GET /v1/dead-letters HTTP/1.1\r\nHost: x\r\n\r\n"))
        told = stranger.answer()
        stranger.close()
        if told.startswith("HTTP/1.1 503"):
            break
    return told


def test_unfinished_bodies_take_no_more_than_is_set_aside_and_one_caller_half(door: Door) -> None:
    # Who sends nothing more is gone after some seconds: on a slow machine one of the two before the last has come.
    for _ in range(10):
        with door.stays_open():
            unknown = many(door.port, 20, unfinished("Content-Length: 1999999", 1_500_000))
            known = many(door.port, 20, unfinished(f"{key_header(door.bad)}Content-Length: 1999999", 1_500_000))
            told = [stranger.answer() if number > 1 else "" for number, stranger in enumerate(known)]
            assert how_many_ended(unknown + known, ENDED_WITHIN) == 40
        if (refused := sum(line.startswith("HTTP/1.1 429") for line in told)) == 18:
            break
    assert refused == 18


def test_what_is_said_to_be_too_large_is_refused_before_it_is_sent(door: Door) -> None:
    stranger = door.stranger()
    stranger.send(f"{EVENTS}{key_header(door.bad)}Expect: 100-continue\r\nContent-Length: 2000001\r\n\r\n")
    assert stranger.answer().startswith("HTTP/1.1 413")


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * 600_000 + b"{}]",
        b"[" * 1_900_000,
        b'{"data":{' + b'"a":1,' * 300_000 + b'"b":1}}',
        b'{"offsets":[' + b'"a",' * 400_000 + b"1]}",
    ],
    ids=["objects", "nested", "members", "offsets"],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/dead-letters/send-again"])
def test_bodies_of_very_many_values_are_refused_shortly(door: Door, path: str, body: bytes) -> None:
    with door.stays_open():
        for key in (None, door.bad):
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            headers |= {"content-type": "application/cloudevents-batch+json"}
            for _ in range(3):
                answer = httpx.post(door.service.url + path, content=body, headers=headers, timeout=60, trust_env=False)
                assert answer.status_code in (400, 401, 403)
                assert len(answer.content) < 2000


@pytest.mark.parametrize(
    "requests",
    [
        b"GET /asyncapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000,
        f"{EVENTS}Transfer-Encoding: chunked\r\n\r\n".encode() + b"1\r\n \r\n" * 500_000,
    ],
    ids=["requests", "chunks"],
)
def test_what_is_sent_all_at_once_is_answered_in_turn(door: Door, requests: bytes) -> None:
    def send(new: Stranger) -> None:
        new.connection.settimeout(0.2)
        new.send(requests)

    with door.stays_open():
        how_many_ended(many(door.port, 10, send), 0.5)


def test_who_does_not_read_answers_is_ended(door: Door) -> None:
    process, pause = psutil.Process(door.service.process.pid), threading.Event()

    def send(new: Stranger) -> None:
        new.send(b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 50)

    def held(strangers: list[Stranger]) -> int:
        ours = {stranger.connection.getsockname()[1] for stranger in strangers}
        return sum(connection.raddr.port in ours for connection in process.net_connections() if connection.raddr)

    # What the service holds is seen: where it listens, too.
    assert door.port in {connection.laddr.port for connection in process.net_connections()}
    with door.stays_open():
        strangers = many(door.port, 20, send)
        for _ in range(int(ENDED_WITHIN * 10)):
            if held(strangers) == 0:
                break
            pause.wait(0.1)
        assert held(strangers) == 0
        assert how_many_ended(strangers, ENDED_WITHIN) == 20


def test_the_service_still_stops_gracefully(door: Door) -> None:
    silent = many(door.port, 10, lambda _: None)
    assert door.service.stop() == 0
    assert how_many_ended(silent, ENDED_WITHIN) == 10
    door.service.start()
    door.service.wait_until_ready()
