"""Work that goes on for ever does not end when one of its clients is cancelled from inside."""

import asyncio

import pytest

from services.chassis.cancelling import FAILURES, raise_if_cancelled


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
