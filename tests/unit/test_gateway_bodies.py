"""Room for bodies that are not proven yet: nobody may take that of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
from starlette.requests import Request

from gateway import body
from gateway.body import Bodies, NoRoom, TooSlow

_MOST = 1000


def _request(content: bytes) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": content, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "_MOST_HELD", 8000)
    monkeypatch.setattr(body, "_OF_ONE_HOOK", 4000)
    monkeypatch.setattr(body, "_OF_ONE_ADDRESS", 2000)


async def _hold(bodies: Bodies, stack: AsyncExitStack, *senders: tuple[str, str]) -> list[bool]:
    """Have bodies of 1000 bytes held for these hooks and addresses; which found room."""
    found = []
    for hook, address in senders:
        try:
            await stack.enter_async_context(bodies.read(_request(b"x" * _MOST), _MOST, hook, address))
        except NoRoom:
            found.append(False)
        else:
            found.append(True)
    return found


@pytest.mark.usefixtures("small")
def test_an_address_takes_a_quarter_and_a_hook_a_half() -> None:
    async def go() -> None:
        bodies = Bodies()
        async with AsyncExitStack() as stack:
            assert await _hold(bodies, stack, *[("a", "bad")] * 3) == [True, True, False]
            assert await _hold(bodies, stack, ("a", "bad 2"), ("a", "bad 2"), ("a", "bad 3")) == [True, True, False]
            assert await _hold(bodies, stack, ("b", "honest")) == [True]
            assert bodies.held == 5000
        assert bodies.held == 0
        async with AsyncExitStack() as stack:
            assert await _hold(bodies, stack, ("a", "bad")) == [True]

    asyncio.run(go())


@pytest.mark.usefixtures("small")
def test_one_body_that_the_hook_takes_always_finds_room() -> None:
    async def go() -> None:
        async with Bodies().read(_request(b"x" * 5000), 5000, "adobe", "one") as found:
            assert len(found) == 5000

    asyncio.run(go())


def test_a_body_that_does_not_come_gives_its_room_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "_SECONDS", 0.01)

    class Stuck(Request):
        async def stream(self) -> AsyncGenerator[bytes, None]:
            yield b"x"
            await asyncio.Event().wait()

    async def go() -> None:
        bodies = Bodies()
        with pytest.raises(TooSlow):
            async with bodies.read(Stuck({"type": "http", "headers": []}), _MOST, "a", "bad"):
                pass
        assert bodies.held == 0

    asyncio.run(go())
