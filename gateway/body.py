"""Reading a body, never more of it than is allowed: not one, and not all of them together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

_MOST_HELD = 64 * 1024 * 1024  # of all bodies that are being read or written
_OF_ONE_HOOK, _OF_ONE_ADDRESS = _MOST_HELD // 2, _MOST_HELD // 4  # and one body of any size that the hook takes
_MOST_DISCARDED = 16 * 1024 * 1024  # read on and thrown away, so that the sender sees our answer
_SECONDS = 10


class TooLarge(Exception):
    """The body is over its limit."""


class TooSlow(Exception):
    """The body did not come within its time."""


class NoRoom(Exception):
    """Other bodies take all the memory there is for them."""


class Bodies:
    """The bodies held at one time."""

    def __init__(self) -> None:
        self.held = 0
        self._shares: Counter[str] = Counter()

    @asynccontextmanager
    async def read(self, request: Request, most: int, hook: str, address: str) -> AsyncIterator[bytes]:
        """The body of a request, held until the end of the block. What Content-Length says is believed only when it is
        too much. Before a body is proven, no address and no hook may take the room of all the others.

        Raises:
            TooLarge, TooSlow, NoRoom, and Starlette's ClientDisconnect.
        """
        chunks: list[bytes] = []
        size = held = 0
        try:
            async with asyncio.timeout(_SECONDS):
                declared = request.headers.get("content-length", "")
                too_large = declared.isdecimal() and int(declared[:20]) > most
                async for chunk in request.stream():
                    size += len(chunk)
                    too_large = too_large or size > most
                    if too_large:
                        chunks.clear()
                        if size > _MOST_DISCARDED:
                            break
                        continue
                    if not self._has_room(len(chunk), most, hook, address):
                        raise NoRoom
                    held += len(chunk)
                    self._hold(len(chunk), hook, address)
                    chunks.append(chunk)
            if too_large:
                raise TooLarge
            body = b"".join(chunks)
            chunks.clear()  # not twice in memory
            yield body
        except TimeoutError as error:
            raise TooSlow from error
        finally:
            self._hold(-held, hook, address)

    def _has_room(self, size: int, most: int, hook: str, address: str) -> bool:
        return (
            self.held + size <= _MOST_HELD
            and self._shares[f"hook {hook}"] + size <= max(_OF_ONE_HOOK, most)
            and self._shares[f"address {address}"] + size <= max(_OF_ONE_ADDRESS, most)
        )

    def _hold(self, size: int, hook: str, address: str) -> None:
        self.held += size
        for share in (f"hook {hook}", f"address {address}"):
            self._shares[share] += size
            if not self._shares[share]:
                del self._shares[share]
