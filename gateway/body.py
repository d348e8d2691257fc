"""Reading a body, never more of it than is allowed: not one, and not all of them together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

_MOST_HELD = 32 * 1024 * 1024  # of all bodies that are being read or written
_MOST_DISCARDED = 16 * 1024 * 1024  # read on and thrown away, so that the sender sees our answer
_SECONDS = 30


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

    @asynccontextmanager
    async def read(self, request: Request, most: int) -> AsyncIterator[bytes]:
        """The body of a request, held until the end of the block. What Content-Length says is believed only when it is
        too much.

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
                    if self.held + len(chunk) > _MOST_HELD:
                        raise NoRoom
                    self.held += len(chunk)
                    held += len(chunk)
                    chunks.append(chunk)
            if too_large:
                raise TooLarge
            body = b"".join(chunks)
            chunks.clear()  # not twice in memory
            yield body
        except TimeoutError as error:
            raise TooSlow from error
        finally:
            self.held -= held
