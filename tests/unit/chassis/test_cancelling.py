"""Work that goes on for ever does not end when one of its clients is cancelled from inside."""

import asyncio

import pytest

from services.chassis import cancelling
from services.chassis.cancelling import FAILURES, end, raise_if_cancelled, to_its_end, together, within


async def for_ever(client: asyncio.Future[None], rounds: list[str]) -> None:
    while True:
        try:
            await client
        except FAILURES as error:
            raise_if_cancelled(error)
            rounds.append(type(error).__name__)
            client = asyncio.get_running_loop().create_future()


async def test_a_client_that_was_cancelled_is_a_failure_like_another_and_a_task_that_was_ends() -> None:
    client: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    rounds: list[str] = []
    task = asyncio.create_task(for_ever(client, rounds))
    await asyncio.sleep(0)
    client.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (rounds, task.done()) == (["CancelledError"], False)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_was_cancelled_ends_whatever_its_client_makes_of_that() -> None:
    waits = asyncio.Event()

    async def of_a_client() -> None:
        waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionResetError from None

    async def goes_on() -> None:
        while True:
            try:
                await of_a_client()
            except FAILURES as error:
                raise_if_cancelled(error)

    task = asyncio.create_task(goes_on())
    await waits.wait()
    task.cancel()
    await asyncio.wait([task], timeout=60)
    assert task.cancelled()


async def test_of_two_pieces_of_work_at_the_same_time_the_results_are_given_in_their_order() -> None:
    begun = asyncio.Event()

    async def first() -> str:
        await begun.wait()
        return "first"

    async def second() -> int:
        begun.set()
        return 2

    assert await asyncio.wait_for(together(first(), second()), 60) == ("first", 2)


async def test_if_one_of_two_fails_the_other_is_cancelled_and_the_failure_is_told() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def fails() -> None:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await asyncio.wait_for(together(waits(), fails()), 60)
    assert ended == ["cancelled"]


async def test_the_other_is_left_after_a_while_if_it_does_not_mind_being_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cancelling, "LEAVE_SECONDS", 0.01)
    end = asyncio.Event()

    async def does_not_mind() -> None:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    async def fails() -> None:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await asyncio.wait_for(together(does_not_mind(), fails()), 60)
    end.set()


class Stubborn:
    """Work that does not mind being cancelled, the first `times` of times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.cancelled = 0

    async def run(self) -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                if self.cancelled > self.times:
                    raise


async def test_work_that_takes_too_long_is_cancelled_and_left_even_if_it_does_not_mind() -> None:
    work = Stubborn(times=1)
    task = asyncio.create_task(work.run())
    await asyncio.sleep(0)
    assert not await asyncio.wait_for(within(0.01, task, "what never ends"), 60)
    await asyncio.sleep(0)
    assert (work.cancelled, task.done()) == (1, False)
    task.cancel()


@pytest.mark.parametrize("failure", [ConnectionResetError, asyncio.CancelledError])
async def test_work_that_fails_in_time_is_no_failure_of_who_waits(failure: type[BaseException]) -> None:
    async def fails() -> None:
        raise failure

    async def succeeds() -> None: ...

    assert not await within(60, fails(), "what fails")
    assert await within(60, succeeds(), "what succeeds")


async def test_whoever_waits_can_be_cancelled_and_what_is_waited_for_is_too() -> None:
    work = Stubborn(times=0)
    inner = asyncio.create_task(work.run())
    task = asyncio.create_task(within(60, inner, "what never ends"))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task, inner], timeout=60)
    assert task.cancelled()
    assert inner.cancelled()


async def test_work_that_must_not_be_broken_off_ends_though_who_waits_for_it_is_cancelled() -> None:
    goes_on, ended = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        await goes_on.wait()
        ended.set()
        return "done"

    task = asyncio.create_task(to_its_end(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    goes_on.set()
    await asyncio.wait([task], timeout=60)
    assert (task.cancelled(), ended.is_set()) == (True, True)
    assert await to_its_end(work()) == "done"


async def test_tasks_are_cancelled_again_until_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling, "CANCEL_AGAIN_SECONDS", 0.01)
    works = [Stubborn(times) for times in (0, 1, 3)]
    tasks = [asyncio.create_task(work.run()) for work in works]
    await asyncio.sleep(0)
    await end(tasks, 60)
    assert [work.cancelled for work in works] == [1, 2, 4]
    assert all(task.cancelled() for task in tasks)


async def test_a_task_that_never_ends_is_left_and_told_with_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cancelling, "CANCEL_AGAIN_SECONDS", 0.01)
    told: list[list[str]] = []
    monkeypatch.setattr(cancelling.log, "warning", lambda _, at: told.append(at), raising=False)
    work = Stubborn(times=10**9)
    task = asyncio.create_task(work.run())
    await asyncio.sleep(0)
    await asyncio.wait_for(end([task], 0.05), 60)
    ((place,),) = told
    assert place.startswith("Stubborn.run, line ")
    work.times = 0
    task.cancel()
