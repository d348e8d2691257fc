"""Waiting on this machine for the answer of a consent page: one request, on a port of the loopback address."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from dealbooks.errors import StopConnection

_PATH = "/callback"


class _Server(HTTPServer):
    answer: Mapping[str, str] | None = None
    late = False

    def handle_timeout(self) -> None:
        self.late = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Take the answer; anything else that a browser asks for does not exist."""
        parts = urlsplit(self.path)
        known = parts.path == _PATH
        if known:
            self.server.answer = dict(parse_qsl(parts.query))
        text = b"Dealbooks has the answer. You may close this page." if known else b"There is nothing here."
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library names it
        """Nothing is logged: the address holds the code."""


class Callback:
    """Listens already when the consent page is opened; a context manager. `address` is the redirect address, which
    must be registered with the platform."""

    def __init__(self, port: int, *, seconds: float = 300.0) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.timeout = seconds
        self.address = f"http://localhost:{self._server.server_port}{_PATH}"

    def __enter__(self) -> Callback:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, state: str) -> dict[str, str]:
        """What came back: `code`, and whatever the platform adds.

        Raises:
            StopConnection: nobody answered, consent was not given, or the answer is not to our question.
        """
        again = "Run the command again."
        while self._server.answer is None:
            self._server.handle_request()
            if self._server.late:
                raise StopConnection("Nobody gave consent in time.", fix=again)
        given = dict(self._server.answer)
        if not hmac.compare_digest(given.pop("state", "").encode(), state.encode()):
            raise StopConnection("An answer came that is not to our question (its state differs).", fix=again)
        if "code" not in given:
            raise StopConnection(f"Consent was not given ({given.get('error', 'no reason told')}).", fix=again)
        return given
