"""Whatever stands on a topic ends as an event or a dead letter; every dead letter can be listed.

Invariant: each record stands between good ones of its own partition, put there before metrics reads any of them.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from services.chassis.dead_letter_form import passthrough_parser, where_and_why
from services.chassis.dead_letters import NotSentAgain, send_again
from services.chassis.topics import admin_client
from tests.delivery.feed import Record, post_established, put_on_topic, record_of
from tests.delivery.observing import dead_letters, eventually, get, stop_gracefully, total
from tests.delivery.test_bad_records import is_ready, list_dead_letters
from tests.parts import Broker, EmbeddedBroker, RealSystem

POSTS = "workforce.posts"
DEAD_LETTERS = "workforce.metrics.dead-letter"
LARGEST = 1_048_000
"""Bytes of a record, nearly as many as a broker takes by default."""


class NotUtf8(str):
    """A name that is written as no producer of ours would write it."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


async def put_as_no_client_would(broker: Broker, record: Record, *more: tuple[str, bytes | None]) -> None:
    """Put a record onto partition 0 that may have neither key nor body, or headers whose names are no text."""
    async with AIOKafkaProducer(bootstrap_servers=broker.servers, acks="all") as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 100_000)
        batch.append(key=record.key, value=record.value, timestamp=1, headers=[*more, *record.headers])
        await (await producer.send_batch(batch, record.topic, partition=0))


NO_TEXT = (NotUtf8("?"), b"1")


def strange_records(authority: str) -> dict[str, Record]:
    """Records that are no events, by what is strange about them. None is of the given authority's good posts."""
    good = record_of(post_established("P-BAD", authority))
    body = json.loads(good.value or b"")

    def with_body(value: bytes | None) -> Record:
        return Record(POSTS, good.key, value, good.headers)

    def with_headers(*more: tuple[str, bytes | None]) -> Record:
        return Record(POSTS, good.key, good.value, (*good.headers, *more))

    return {
        "no body": with_body(None),
        "an empty body": with_body(b""),
        "no key and no headers": Record(POSTS, None, b"{}", ()),
        "empty everything": Record(POSTS, b"", b"", (("", b""),)),
        "bytes": with_body(bytes(range(256))),
        "half a letter": with_body(b'{"team": "\\ud800"}'),
        "NUL in the data": with_body(json.dumps(body | {"team": "a\u0000b"}).encode()),
        "NUL in an attribute": good.with_header("ce_id", b"a\x00b"),
        "NUL in the name of an attribute": with_headers(("ce_\x00", b"1")),
        "nested deeply": with_body(b'{"team": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
        "a huge number": with_body(json.dumps(body | {"funded_fte": 1}).replace("1", "9" * 5000).encode()),
        "not a number": with_body(b'{"funded_fte": NaN}'),
        "infinity": with_body(b'{"funded_fte": -Infinity}'),
        "a specversion without a value": good.with_header("ce_specversion", None),
        "an attribute twice": with_headers(("ce_id", b"another")),
        "1947 in UTC": good.with_header("ce_time", b"1948-01-01T00:00:00+01:00"),
        "the year 1": good.with_header("ce_time", b"0001-01-01T00:00:00+23:59"),
        "a sequence beyond bigint": good.with_header("ce_sequence", b"9" * 19),
        "thousands of attributes": with_headers(*((f"ce_a{number}", b"1") for number in range(5000))),
        "a body of a megabyte": with_body(b"[" + b"1," * (LARGEST // 2) + b"1]"),
        "headers of a megabyte": Record(
            POSTS, good.key, b"{}", tuple((f"h{number}", b"x" * 100) for number in range(9000))
        ),
        "headers of a dead letter": with_headers(("dead-letter-topic", b"elsewhere"), ("ce_unknown", b"1")),
    }


def good_records(authority: str) -> list[Record]:
    """Good records that look strange: null headers, headers that are no attributes, a field twice (the last counts),
    what tracers and brokers add, a byte order mark.
    """
    first, second, third, fourth = (record_of(post_established(f"P-ODD-{number}", authority)) for number in range(4))
    added = (
        ("ce_traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("ce_kafkaoffset", b"\x00"),
    )
    return [
        Record(POSTS, first.key, first.value, (*first.headers, ("ce_voids", None), ("ce_supersedes", None))),
        Record(POSTS, None, second.value, (*second.headers, ("trace", None), ("trace", b"\xff"), ("", b""))),
        Record(POSTS, third.key, (third.value or b"").replace(b"{", b'{"team": "first", ', 1), third.headers),
        Record(POSTS, fourth.key, b"\xef\xbb\xbf" + (fourth.value or b""), (*fourth.headers, *added)),
    ]


async def test_a_bouquet_of_strange_records_is_rejected_and_every_good_one_counts(standing_system: RealSystem) -> None:
    system, authority = standing_system, "111"
    strange = list(strange_records(authority).values())
    odd = good_records(authority)
    records: list[Record] = []
    for number, record in enumerate([*strange, *odd]):
        records += [record_of(post_established(f"P-{number}", authority)), record]
    stop_gracefully(system.metrics)
    known = len(await dead_letters(system.broker))
    await put_on_topic(system.broker, records)
    await put_on_topic(system.broker, [record_of(post_established("P-LAST", authority))])
    system.metrics.start()
    system.metrics.wait_until_ready()

    good = len(strange) + len(odd) + len(odd) + 1
    await eventually(lambda: total(system.metrics, "establishment", authority), float(good))
    await eventually(lambda: number_of_dead_letters(system), known + len(strange))
    await eventually(lambda: is_ready(system.metrics), True)
    letters = (await dead_letters(system.broker))[known:]
    assert {where_and_why(letter)["cause"] for letter in letters} == {"contract"}
    for record, letter in zip(strange, letters, strict=True):
        if "cut" not in where_and_why(letter):
            assert (letter.key, letter.value, passthrough_parser(letter)) == (record.key, record.value, record.headers)
    assert sum("cut" in where_and_why(letter) for letter in letters) == 2
    listed = (await get(system.metrics, "/v1/dead-letters")).json()["records"]
    # Others that became dead letters twice, by earlier tests, are listed once.
    assert [entry["about"] for entry in listed[-len(letters) :]] == [where_and_why(letter) for letter in letters]
    assert len(await list_dead_letters(system)) == len(listed) + 1


async def test_a_record_that_has_nothing_at_all_is_rejected_and_can_never_be_sent_again(
    standing_system: RealSystem,
) -> None:
    system, authority = standing_system, "115"
    known = len(await dead_letters(system.broker))
    await put_as_no_client_would(system.broker, Record(POSTS, None, None, ()))
    await put_on_topic(system.broker, [record_of(post_established("P-1", authority))])
    await eventually(lambda: total(system.metrics, "establishment", authority), 1.0)
    await eventually(lambda: number_of_dead_letters(system), known + 1)
    *_, letter = await dead_letters(system.broker)
    assert where_and_why(letter)["empty"] == "it had neither key nor body"
    with pytest.raises(NotSentAgain, match="it had neither key nor body, and can never be taken in"):
        await send_again("metrics", system.broker.servers, {letter.offset})


async def test_a_header_name_that_is_not_utf8_keeps_no_record_from_being_read(standing_system: RealSystem) -> None:
    system, authority = standing_system, "112"
    if isinstance(system.broker, EmbeddedBroker):
        pytest.skip("The embedded broker takes no such record.")
    stop_gracefully(system.metrics)
    known = len(await dead_letters(system.broker))
    bad = Record(POSTS, b"112:post/P-BAD", b"{not json", record_of(post_established("P-BAD", authority)).headers)
    await put_on_topic(system.broker, [record_of(post_established("P-0", authority))])
    await put_as_no_client_would(system.broker, record_of(post_established("P-1", authority)), NO_TEXT)
    await put_as_no_client_would(system.broker, bad, NO_TEXT)
    await put_on_topic(system.broker, [record_of(post_established("P-2", authority))])
    system.metrics.start()
    system.metrics.wait_until_ready()

    await eventually(lambda: total(system.metrics, "establishment", authority), 3.0)
    await eventually(lambda: number_of_dead_letters(system), known + 1)
    (letter,) = await dead_letters(system.broker, b"112:post/P-BAD")
    assert passthrough_parser(letter)[0] == ("\\xff\\xfe", b"1")
    assert letter.value == b"{not json"


async def test_a_record_that_was_cut_is_sent_again_from_where_it_stood(standing_system: RealSystem) -> None:
    system, authority = standing_system, "113"
    good = record_of(post_established("P-1", authority))
    key = b"113:post/P-BAD"
    large = Record(POSTS, key, b"[" + b" " * LARGEST + b"]", good.headers)
    await put_on_topic(system.broker, [large, good])
    await eventually(lambda: total(system.metrics, "establishment", authority), 1.0)
    await eventually(lambda: number_of_dead_letters(system, key), 1)
    (letter,) = await dead_letters(system.broker, key)
    assert len(letter.value or b"") < LARGEST
    assert await send_again("metrics", system.broker.servers, {letter.offset}) == 1
    await eventually(lambda: number_of_dead_letters(system, key), 2)
    first, second = [where_and_why(letter) for letter in await dead_letters(system.broker, key)]
    assert first["original-sha256"] == second["original-sha256"]
    assert first["offset"] != second["offset"]


async def test_a_broker_that_takes_less_gets_less_of_a_record(standing_system: RealSystem) -> None:
    system, authority = standing_system, "116"
    if isinstance(system.broker, EmbeddedBroker):
        pytest.skip("The embedded broker knows no limit of a topic.")
    key, good = b"116:post/P-BAD", record_of(post_established("P-1", authority))
    await limit_dead_letters(system.broker, 200_000)
    try:
        large = Record(POSTS, key, b"[" + b" " * 500_000 + b"]", good.headers)
        await put_on_topic(system.broker, [large, good])
        await eventually(lambda: total(system.metrics, "establishment", authority), 1.0)
        await eventually(lambda: number_of_dead_letters(system, key), 1)
    finally:
        await limit_dead_letters(system.broker, LARGEST + 1000)
    (letter,) = await dead_letters(system.broker, key)
    assert 90_000 < len(letter.value or b"") <= 100_000
    assert " of 500002 bytes of the body" in where_and_why(letter)["cut"]
    await put_on_topic(system.broker, [Record(POSTS, key, b"{not json", good.headers)])
    await eventually(lambda: number_of_dead_letters(system, key), 2)


async def limit_dead_letters(broker: Broker, largest: int) -> None:
    """Have the dead-letter topic of metrics take records of so many bytes."""
    settings = {"max.message.bytes": str(largest), "retention.ms": "-1"}
    async with admin_client(broker.servers) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, DEAD_LETTERS, configs=settings)])


async def test_what_cannot_be_sent_again_is_told_and_listed_and_the_others_are_sent(
    standing_system: RealSystem,
) -> None:
    system, authority = standing_system, "114"
    bad = Record(POSTS, b"114:post/P-BAD", b"{not json", record_of(post_established("P-BAD", authority)).headers)
    await put_on_topic(system.broker, [bad])
    await eventually(lambda: number_of_dead_letters(system, b"114:post/P-BAD"), 1)
    (letter,) = await dead_letters(system.broker, b"114:post/P-BAD")
    cut: Sequence[tuple[str, bytes | None]] = [
        ("dead-letter-topic", POSTS.encode()),
        ("dead-letter-partition", b"0"),
        ("dead-letter-offset", b"0"),
        ("dead-letter-cut", b"kept: 2 of 1048400 bytes of the body"),
        ("dead-letter-original-sha256", hashlib.sha256(b"").hexdigest().encode()),
    ]
    foreign, without_original, nowhere = await put_on_topic(
        system.broker,
        [
            Record(DEAD_LETTERS, b"", None, (("x", None), ("dead-letter-reason", b"\xff\x00"))),
            Record(DEAD_LETTERS, b"k", b"{}", tuple(cut)),
            Record(DEAD_LETTERS, b"k", b"{}", (*cut[:2], ("dead-letter-offset", b"99999999"), *cut[3:])),
        ],
    )
    with pytest.raises(NotSentAgain) as refused:
        await send_again("metrics", system.broker.servers, {letter.offset, foreign, without_original, nowhere})
    assert refused.value.sent == 1
    assert refused.value.reasons == {
        foreign: "its headers do not say from which topic of events it came: no service put it there",
        without_original: "it was too large to be kept whole, and its original no longer stands at "
        f"{POSTS}, partition 0, offset 0",
        nowhere: "it was too large to be kept whole, and its original no longer stands at "
        f"{POSTS}, partition 0, offset 99999999",
    }
    await eventually(lambda: number_of_dead_letters(system, b"114:post/P-BAD"), 2)
    listed = {
        entry["offset"]: entry["about"] for entry in (await get(system.metrics, "/v1/dead-letters")).json()["records"]
    }
    assert listed[foreign] == {}
    assert any("no service put it there" in line for line in await list_dead_letters(system))


async def number_of_dead_letters(system: RealSystem, key: bytes | None = None) -> int:
    """How many dead letters metrics has, of one key or all."""
    await asyncio.sleep(0)
    return len(await dead_letters(system.broker, key))
