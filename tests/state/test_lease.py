from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from state.lease import Lease, Lost


@pytest.fixture
async def key(redis: Redis, guild: int) -> AsyncIterator[str]:
    """A lease that is given up, or cancelled, by the end of the test.

    A renewal that is left asks a third of the lease later and connects the closed client again: whichever
    test runs then is blamed for the connection that nobody closes.
    """
    key = f"sl:{{{guild}}}:lease:test"
    yield key
    renewals = [task for task in asyncio.all_tasks() if task.get_name() == f"lease {key}"]
    assert all(task.cancelling() for task in renewals), "a lease is still renewed after the test"


async def test_one_holder_of_many_and_the_token_grows(redis: Redis, key: str) -> None:
    tokens: list[int] = []
    for _ in range(3):
        claims = [Lease(redis, key) for _ in range(10)]
        taken = await asyncio.gather(*(claim.take() for claim in claims))
        assert sum(taken) == 1
        holder = claims[taken.index(True)]
        assert [await claim.holds() for claim in claims] == taken
        tokens.append(holder.token)
        text = await redis.get(key)
        assert text is not None and text.startswith(f"{holder.token} ")
        await holder.release()
        assert not await redis.exists(key)
    assert tokens == sorted(set(tokens)) and tokens[0] > 0


async def test_it_is_renewed_while_held(redis: Redis, key: str) -> None:
    async with Lease(redis, key, seconds=1.5).held() as lease:
        first = await redis.get(key)
        async with asyncio.timeout(10):
            for _ in range(2):
                left = await redis.pttl(key)
                # It only falls, unless somebody renews it.
                while (now := await redis.pttl(key)) <= left:
                    left = now
                    assert await redis.get(key) == first
                    await asyncio.sleep(0.02)
        assert not lease.lost.is_set() and await lease.holds()
    assert not await redis.exists(key)


async def test_who_loses_it_is_told_and_does_not_hold_it(redis: Redis, key: str) -> None:
    lease = Lease(redis, key, seconds=0.3)
    assert await lease.take()
    assert lease.sure and await redis.get(key) == lease.claim
    await redis.set(key, "999 somebody else")
    assert not await lease.holds()
    async with asyncio.timeout(5):
        await lease.lost.wait()
    assert not lease.sure
    await lease.release()
    assert await redis.get(key) == "999 somebody else", "released what it no longer held"


async def test_a_crashed_holder_is_replaced(redis: Redis, key: str) -> None:
    crashed = Lease(redis, key, seconds=0.4)
    assert await crashed.take()
    renewal = crashed._renewal
    assert renewal is not None
    renewal.cancel()  # as a killed process: nothing renews it, nothing gives it up
    heir = Lease(redis, key, seconds=0.4)
    assert not await heir.take()
    async with asyncio.timeout(5):
        await heir.wait()
    assert heir.token > crashed.token
    assert await heir.holds() and not await crashed.holds()
    await crashed.release()
    assert await heir.holds(), "the old holder gave up what was no longer its own"
    await heir.release()


async def test_release_lets_the_next_one_in_at_once(redis: Redis, key: str) -> None:
    first, second = Lease(redis, key, seconds=60), Lease(redis, key, seconds=60)
    assert await first.take() and not await second.take()
    await first.release()
    assert await second.take()
    await second.release()


async def test_a_claim_repeated_after_a_lost_reply_is_the_same_claim(redis: Redis, key: str) -> None:
    lease, other = Lease(redis, key), Lease(redis, key)
    assert await lease.take()
    token = lease.token
    assert await lease._call("take") == token
    assert await other._call("take") == 0
    await lease.release()


async def test_a_silent_server_loses_the_lease_in_time(redis: Redis, key: str) -> None:
    lease = Lease(redis, key, seconds=0.5)
    assert await lease.take()
    began = asyncio.get_running_loop().time()

    async def never(verb: str) -> int:
        return await asyncio.get_running_loop().create_future()

    lease._call = never  # type: ignore[method-assign]  # a server that accepts and never answers
    async with asyncio.timeout(5):
        await lease.lost.wait()
    assert asyncio.get_running_loop().time() - began < 0.7
    del lease._call
    await lease.release()


async def test_what_is_written_under_a_lease_that_went_is_refused(redis: Redis, guild: int, key: str) -> None:
    note = f"sl:{{{guild}}}:lease:test:note"
    old = Lease(redis, key, seconds=60)
    assert await old.take()
    assert await old.write(["SET", note, "old"], otherwise=[["SET", note, "late"]])
    assert await redis.get(note) == "old"
    await redis.delete(key)
    heir = Lease(redis, key, seconds=60)
    assert await heir.take()
    assert not await old.write(["SET", note, "old again"])
    assert await redis.get(note) == "old"
    assert not await old.write(["SET", note, "old again"], otherwise=[["SET", note, "late"]])
    assert await redis.get(note) == "late"
    assert await heir.write(["SET", note, "heir"], ["APPEND", note, "!"])
    assert await redis.get(note) == "heir!"
    await heir.release()
    assert not await heir.write(["SET", note, "released"])
    assert await redis.get(note) == "heir!"
    await old.release()
    await redis.delete(note)


async def test_work_is_cancelled_when_the_lease_may_be_anothers(redis: Redis, key: str) -> None:
    lease = Lease(redis, key, seconds=0.5)
    assert await lease.take()
    # Renewed meanwhile, so it may last longer than the lease.
    async with asyncio.timeout(10), lease.acting():
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < began + 1.0:
            assert await lease.holds()
            await asyncio.sleep(0.05)
    await redis.set(key, "999 somebody else")
    with pytest.raises(Lost):
        async with asyncio.timeout(10), lease.acting():
            await asyncio.Event().wait()
    with pytest.raises(Lost):
        async with lease.acting():
            await asyncio.Event().wait()
    with pytest.raises(TimeoutError):
        async with Lease(redis, key).acting():
            raise TimeoutError
    await redis.delete(key)


async def test_tokens_grow_also_where_the_counter_was_lost(redis: Redis, key: str) -> None:
    first, second = Lease(redis, key), Lease(redis, key)
    assert await first.take()
    before = first.token
    await redis.delete(key, f"{key}:token")
    # Tokens count from the clock, which has to go on by a millisecond.
    await asyncio.sleep(0.002)
    assert await second.take()
    assert second.token > before
    await first.release()
    await second.release()
