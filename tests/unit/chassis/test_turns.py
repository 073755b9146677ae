"""Who works next: callers take turns, none has every slot, and what may not even wait is told at once."""

import asyncio
from collections.abc import Callable

import pytest

from services.chassis.turns import TooManyWait, Turns

PATIENCE = 60.0
"""Seconds after which what waits for a slot that never comes is given up."""


class Working:
    """Callers at a lane: each works until it is told to end."""

    def __init__(self, lane: Turns) -> None:
        self.lane = lane
        self.began: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """A question of a caller: `A1` is the first of caller A."""
        for name in names:
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._work(name))
            await self.settled()

    async def _work(self, name: str) -> None:
        async with self.lane.slot(name[0]):
            self.began.append(name)
            await self._ends[name].wait()

    async def end(self, *names: str) -> None:
        """These are worked out."""
        for name in names:
            self._ends[name].set()
            await asyncio.wait_for(self._tasks[name], PATIENCE)
            await self.settled()

    async def leave(self, name: str) -> None:
        """This caller leaves."""
        self._tasks[name].cancel()
        await asyncio.wait({self._tasks[name]}, timeout=PATIENCE)
        await self.settled()

    async def settled(self) -> None:
        """Until everybody has done what there is to do now."""
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def at() -> Callable[..., Working]:
    """A lane with so many slots."""
    return lambda slots, waiting=100, waiting_of_one=50: Working(
        Turns(slots, waiting=waiting, waiting_of_one=waiting_of_one)
    )


async def test_callers_take_turns_however_much_one_of_them_asks(at: Callable[..., Working]) -> None:
    working = at(1)
    await working.ask("A1", "A2", "A3", "A4", "B1", "C1", "B2")
    await working.end("A1", "B1", "C1", "A2", "B2", "A3", "A4")
    assert working.began == ["A1", "B1", "C1", "A2", "B2", "A3", "A4"]


async def test_who_comes_after_ten_questions_of_another_waits_for_the_one_at_work(at: Callable[..., Working]) -> None:
    working = at(1)
    await working.ask(*(f"A{number}" for number in range(10)))
    await working.ask("B1")
    await working.end("A0")
    assert working.began == ["A0", "B1"]
    # Whoever asks one question after another does not get before those who wait.
    await working.ask("B2")
    await working.end("B1")
    assert working.began == ["A0", "B1", "A1"]


async def test_who_comes_anew_begins_where_the_others_are(at: Callable[..., Working]) -> None:
    working = at(1)
    await working.ask("A1", "A2", "A3", "A4", "C1", "C2", "C3", "C4")
    await working.end("A1", "C1", "A2", "C2")
    # Two slots were given to each: whoever comes now is owed none of them.
    await working.ask("B1", "B2", "B3")
    await working.end("A3", "C3", "B1", "A4", "C4", "B2", "B3")
    assert working.began == ["A1", "C1", "A2", "C2", "A3", "C3", "B1", "A4", "C4", "B2", "B3"]


async def test_one_caller_has_half_of_the_places_and_another_finds_one_at_once(at: Callable[..., Working]) -> None:
    working = at(4)
    await working.ask("A1", "A2", "A3")
    assert working.began == ["A1", "A2"]
    await working.ask("B1", "C1")
    assert working.began == ["A1", "A2", "B1", "C1"]
    await working.end("B1")
    assert working.began == ["A1", "A2", "B1", "C1"]
    await working.end("A1")
    assert working.began == ["A1", "A2", "B1", "C1", "A3"]


async def test_what_may_not_even_wait_is_told_at_once(at: Callable[..., Working]) -> None:
    working = at(1, waiting=3, waiting_of_one=2)
    await working.ask("A1", "A2", "A3")
    with pytest.raises(TooManyWait) as of_one:
        await asyncio.wait_for(working.lane.take("A"), PATIENCE)
    assert of_one.value.of_this_caller
    await working.ask("B1")
    with pytest.raises(TooManyWait) as of_all:
        await asyncio.wait_for(working.lane.take("C"), PATIENCE)
    assert not of_all.value.of_this_caller
    await working.end("A1")
    await working.ask("C1")
    assert working.lane.waiting == 3


async def test_who_leaves_while_waiting_is_passed_over(at: Callable[..., Working]) -> None:
    working = at(1)
    await working.ask("A1", "B1", "C1")
    await working.leave("B1")
    await working.end("A1")
    assert working.began == ["A1", "C1"]
    await working.end("C1")
    assert working.lane.waiting == 0


async def test_who_leaves_just_when_the_turn_comes_gives_the_slot_on(at: Callable[..., Working]) -> None:
    lane = Turns(1, waiting=9, waiting_of_one=9)
    await lane.take("A")
    second, third = asyncio.create_task(lane.take("B")), asyncio.create_task(lane.take("C"))
    await asyncio.sleep(0)
    lane.give_back("A")
    second.cancel()
    await asyncio.wait_for(third, PATIENCE)
    assert second.cancelled() or await asyncio.wait({second})


async def test_nothing_is_remembered_of_callers_who_came_once(at: Callable[..., Working]) -> None:
    working = at(2)
    for number in range(20):
        name = chr(ord("A") + number)
        await working.ask(name)
        await working.end(name)
    assert working.lane._given == {}


async def test_between_pieces_others_go_first_and_the_rest_comes_before_own_new_questions() -> None:
    lane = Turns(1, waiting=9, waiting_of_one=9)
    order: list[str] = []

    async def in_pieces(name: str, pieces: int) -> None:
        async with lane.slot(name[0]):
            for piece in range(pieces):
                order.append(f"{name}.{piece}")
                await asyncio.sleep(0)
                await lane.let_others(name[0])

    pieces = in_pieces("A1", 3), in_pieces("A2", 2), in_pieces("B1", 2)
    await asyncio.wait_for(asyncio.gather(*pieces), PATIENCE)
    assert order == ["A1.0", "B1.0", "A1.1", "B1.1", "A1.2", "A2.0", "A2.1"]


@pytest.mark.parametrize("who_leaves", ["B1", "C1"])
async def test_a_slot_is_not_lost_on_a_caller_who_leaves_at_the_moment_when_it_is_given_back(who_leaves: str) -> None:
    lane = Turns(1, waiting=9, waiting_of_one=9)
    working = Working(lane)
    await working.ask("A1", "B1", "C1")
    working._ends["A1"].set()
    working._tasks[who_leaves].cancel()
    await asyncio.wait({working._tasks["A1"], working._tasks[who_leaves]})
    await working.settled()
    stays = "C1" if who_leaves == "B1" else "B1"
    assert working.began == ["A1", stays]
    await working.end(stays)
    await working.ask("D1")
    assert working.began == ["A1", stays, "D1"]
    await working.end("D1")
    assert lane.waiting == 0
