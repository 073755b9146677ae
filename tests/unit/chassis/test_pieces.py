"""What comes over a connection piece by piece: heads and bodies, too slowly, in crumbs, one behind another.

Invariant: pieces are given to the connection as its socket would; the test sets the clock.
"""

import h11
import pytest

from services.chassis.connections import Connection
from tests.unit.chassis.connecting import Door


def come(connection: Connection, piece: bytes) -> None:
    """A piece comes over the wire."""
    connection.get_buffer(-1)[: len(piece)] = piece
    connection.buffer_updated(len(piece))


@pytest.mark.parametrize(("came", "told"), [(10_000, []), (9_999, [408])])
def test_a_body_must_get_on_by_so_many_bytes_in_each_window(came: int, told: list[int]) -> None:
    door = Door(slow_seconds=20.0, slowest_bytes_per_second=500)
    connection, wire = door.enter()
    connection._head_since, wire.conn.their_state = None, h11.SEND_BODY
    come(connection, b"x" * 10_000)  # before anybody looked: it counts for nothing
    connection.look()
    come(connection, b"x" * 5_000)
    come(connection, b"x" * (came - 5_000))
    door.clock.now += 20
    connection.look()
    assert wire.told == []
    door.clock.now += 0.001
    connection.look()
    assert wire.told == told
    assert door.turned_away() == ({"body": 1} if told else {})


def test_a_head_that_comes_in_pieces_is_timed_from_where_it_began() -> None:
    door = Door(head_seconds=10.0)
    connection, wire = door.enter()
    for piece in (b"GET / HTTP/1.1\r\n", b"a: b\r\n"):
        door.clock.now += 6
        come(connection, piece)
    connection.look()
    assert (wire.told, door.turned_away()) == ([408], {"head": 1})


def test_a_head_has_as_many_lines_as_it_may_however_they_come() -> None:
    door = Door(headers=20)
    connection, wire = door.enter()
    for _ in range(15):
        come(connection, b"a: b\r\n" * 2)
    assert wire.told == []
    come(connection, b"a: b\r\n")
    assert (wire.told, door.turned_away()) == ([431], {"head": 1})


@pytest.mark.parametrize(
    ("piece", "header", "told"),
    [
        (b"1\r\nx\r\n" * 167, (b"transfer-encoding", b"chunked"), [400]),
        (b"1\r\nx\r\n" * 166, (b"transfer-encoding", b"chunked"), []),
        (b"1\r\nx\r\n" * 167, (b"content-length", b"9000"), []),
        ((b"1c\r\n" + b"x" * 28 + b"\r\n") * 40, (b"transfer-encoding", b"chunked"), []),
    ],
    ids=["a thousand bytes of crumbs", "a few less", "not in chunks", "larger chunks"],
)
def test_a_body_in_crumbs_is_refused(piece: bytes, header: tuple[bytes, bytes], told: list[int]) -> None:
    door = Door()
    connection, wire = door.enter(h11.SEND_BODY)
    wire.headers = [header]
    come(connection, piece)
    assert (wire.told, wire.taken) == (told, [] if told else [piece])


FIRST, SECOND = b"GET /one HTTP/1.1\r\n\r\n", b"GET /two"


@pytest.mark.parametrize("more", [b"", b" HTTP/1.1\r\n"])
def test_what_follows_a_head_is_handed_on_behind_it_once_and_nothing_is_nothing(more: bytes) -> None:
    """Whether more came before its turn or not. (An empty piece would say that the client has ended.)"""
    door = Door()
    connection, wire = door.enter()
    come(connection, FIRST + SECOND)
    assert wire.taken == [FIRST]
    if more:
        come(connection, more)
    door.clock.go_on()
    assert wire.taken == [FIRST, SECOND + more]


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "refused"])
def test_what_follows_a_head_that_was_the_last_is_not_handed_on(ended: bool) -> None:
    door = Door()
    connection, wire = door.enter()
    come(connection, FIRST + SECOND)
    wire.ended, wire.lingers_since = ended, None if ended else door.clock.now
    door.clock.go_on()
    come(connection, SECOND)
    assert wire.taken == [FIRST]
