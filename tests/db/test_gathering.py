"""What several ask for within a moment is done together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from media_tracker.db.gathering import Gathering


class Doubling:
    """Doubles numbers; remembers what was asked for together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.release = asyncio.Event(), asyncio.Event()
        self.release.set()

    async def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        self.begun.set()
        await self.release.wait()
        if 13 in numbers:
            raise ValueError("thirteen")
        return [LookupError("minus") if number < 0 else 2 * number for number in numbers]


async def test_everybody_gets_their_own_answer_out_of_one_batch() -> None:
    doubling = Doubling()
    gathering = Gathering(doubling, most=10)
    assert await asyncio.gather(*(gathering.ask(number) for number in range(5))) == [0, 2, 4, 6, 8]
    assert doubling.batches == [[0, 1, 2, 3, 4]]


async def test_no_more_is_done_together_than_may_be_and_the_order_stays() -> None:
    doubling = Doubling()
    gathering = Gathering(doubling, most=10, weight=lambda number: number)
    await asyncio.gather(*(gathering.ask(number) for number in (4, 5, 3, 25, 1, 2)))
    assert doubling.batches == [[4, 5], [3], [25], [1, 2]]


async def test_an_answer_that_is_an_exception_is_raised_to_the_one_whose_it_is() -> None:
    gathering = Gathering(Doubling(), most=10)
    answers = await asyncio.gather(*(gathering.ask(number) for number in (1, -1, 2)), return_exceptions=True)
    assert answers[0] == 2
    assert isinstance(answers[1], LookupError)
    assert answers[2] == 4


async def test_what_doing_it_raises_everybody_hears_and_the_next_are_served() -> None:
    gathering = Gathering(Doubling(), most=10)
    answers = await asyncio.gather(*(gathering.ask(number) for number in (1, 13)), return_exceptions=True)
    assert all(isinstance(answer, ValueError) for answer in answers)
    assert await gathering.ask(4) == 8


async def test_what_comes_while_something_is_under_way_gathers() -> None:
    doubling = Doubling()
    doubling.release.clear()
    gathering = Gathering(doubling, most=10)
    first = asyncio.create_task(gathering.ask(1))
    await doubling.begun.wait()
    rest = [asyncio.create_task(gathering.ask(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0.02)
    assert doubling.batches == [[1]]
    doubling.release.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert doubling.batches == [[1], [2, 3, 4]]


async def test_who_no_longer_waits_takes_nothing_from_the_others() -> None:
    doubling = Doubling()
    doubling.release.clear()
    gathering = Gathering(doubling, most=10)
    waiting = [asyncio.create_task(gathering.ask(number)) for number in (1, 2)]
    await doubling.begun.wait()
    waiting[0].cancel()
    doubling.release.set()
    assert await waiting[1] == 4
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    assert doubling.batches == [[1, 2]]


async def test_who_asks_the_moment_that_they_are_answered_is_served_too() -> None:
    doubling = Doubling()
    gathering = Gathering(doubling, most=10)
    async with asyncio.timeout(30):  # one who is forgotten waits for ever
        assert [await gathering.ask(number) for number in (1, 2, 3)] == [2, 4, 6]
    assert doubling.batches == [[1], [2], [3]]


async def test_who_leaves_before_it_has_begun_has_asked_for_nothing() -> None:
    doubling = Doubling()
    gathering = Gathering(doubling, most=10)
    waiting = [asyncio.create_task(gathering.ask(number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    assert await asyncio.gather(waiting[0], waiting[2]) == [2, 6]
    assert doubling.batches == [[1, 3]]


async def test_what_is_under_way_is_finished_though_nobody_waits_any_more() -> None:
    doubling = Doubling()
    doubling.release.clear()
    gathering = Gathering(doubling, most=10)
    waiting = asyncio.create_task(gathering.ask(1))
    await doubling.begun.wait()
    waiting.cancel()
    ending = asyncio.create_task(gathering.finish(seconds=30))
    await asyncio.sleep(0.02)
    assert not ending.done()
    doubling.release.set()
    await ending
    assert await gathering.ask(2) == 4


async def test_what_is_not_done_in_time_is_broken_off_and_nobody_waits_for_ever() -> None:
    doubling = Doubling()
    doubling.release.clear()
    gathering = Gathering(doubling, most=1)
    waiting = [asyncio.create_task(gathering.ask(number)) for number in (1, 2)]
    await doubling.begun.wait()
    await gathering.finish(seconds=0)
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2
    assert doubling.batches == [[1]]


async def test_too_few_answers_are_an_error_to_everybody() -> None:
    async def forgetful(numbers: Sequence[int]) -> list[int]:
        return list(numbers[1:])

    gathering = Gathering(forgetful, most=10)
    answers = await asyncio.gather(*map(gathering.ask, (1, 2)), return_exceptions=True)
    assert all(isinstance(answer, RuntimeError) for answer in answers)
