"""A sandbox on a port of this machine: what vendors' own clients and `dealbooks sandbox` talk to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn

from sandbox.kit.messages import Call, NoAnswer
from sandbox.kit.platform import Platform

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
Application = Callable[[_Message, _Receive, _Send], Awaitable[None]]


def application(platform: Platform) -> Application:
    """The platform as an ASGI application."""

    async def app(scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        target = scope["raw_path"].decode() if scope.get("raw_path") else scope["path"]
        query = scope["query_string"].decode()
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive)
        if body is None:
            return
        call = Call.of(scope["method"], f"{target}?{query}" if query else target, headers, body)
        try:
            answer = await asyncio.to_thread(platform.handle, call)
        except NoAnswer as error:
            if error.how == "timeout":  # the caller gives up; it is told nothing
                await _gone(receive)
            raise ConnectionResetError("the sandbox breaks the connection") from error
        listed = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
        listed.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": listed})
        await send({"type": "http.response.body", "body": answer.body})

    return app


async def _lifespan(receive: _Receive, send: _Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: _Receive) -> bytes | None:
    """The whole body; None when the caller went away before it had said all of it."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _gone(receive: _Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def server(platform: Platform, port: int = 0, host: str = "127.0.0.1") -> tuple[uvicorn.Server, socket.socket]:
    """A server that is bound, and not yet running."""
    bound = socket.create_server((host, port))
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # heads and bodies are sent apart: no wait in between
    return uvicorn.Server(uvicorn.Config(application(platform), log_level="error", lifespan="off")), bound


@contextlib.contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """Serve in the background; the address, without a slash at its end."""
    running, bound = server(platform)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]}, name=f"sandbox {platform.name}")
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        running.should_exit = True
        running.force_exit = True
        thread.join()
        bound.close()
