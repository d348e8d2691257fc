"""A platform that does nothing but answer, each call after so many milliseconds.

`python -m benchmarks.ledgers_stub 200`. A light stand-in, since a whole sandbox does not serve five hundred calls a
second on one core. POST makes a document and answers its id; GET lists the documents of the ids in the address. Prints
its port.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count

_NUMBERS = count(1)


class Answers(asyncio.Protocol):
    """One HTTP/1.1 connection that stays open, one call at a time."""

    delay = 0.2

    def __init__(self) -> None:
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody called."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A part of a call; answered once it is whole."""
        self._held += data
        head, end, rest = self._held.partition(b"\r\n\r\n")
        if not end:
            return
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        if len(rest) < length:
            return
        self._held = rest[length:]
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
        asyncio.get_running_loop().call_later(self.delay, self._answer, method, target)

    def _answer(self, method: bytes, target: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if method == b"POST":
            body = json.dumps({"id": next(_NUMBERS), "status": "posted"}).encode()
        else:
            ids = target.partition(b"ids=")[2].decode().replace("%2C", ",").split(",")
            body = json.dumps([{"id": number, "status": "posted"} for number in ids]).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def _serve(milliseconds: float) -> None:
    Answers.delay = milliseconds / 1000
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
