"""Waiting on this machine for the answer of a consent page: one request, on a port of the loopback address."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from dealbooks.errors import StopConnection, UsageError

_PATH = "/callback"


class _Server(ThreadingHTTPServer):
    """Each connection has a thread of its own: a browser opens some in advance, and says nothing on them."""

    daemon_threads = True
    answer: Mapping[str, str] | None = None

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.answered = Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Take the answer; anything else that a browser asks for does not exist."""
        parts = urlsplit(self.path)
        known = parts.path == _PATH
        text = b"Dealbooks has the answer. You may close this page." if known else b"There is nothing here."
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        if known and not self.server.answered.is_set():
            self.server.answer = dict(parse_qsl(parts.query))
            self.server.answered.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library names it
        """Nothing is logged: the address holds the code."""


class Callback:
    """Listens already when the consent page is opened; a context manager. `address` is the redirect address, which
    must be registered with the platform.

    Raises:
        UsageError: the port is in use, or may not be listened on.
    """

    def __init__(self, port: int, *, seconds: float = 300.0) -> None:
        try:
            self._server = _Server(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"Port {port} of this machine cannot be listened on: {error.strerror or error}.",
                fix="Choose another with --port, and let the platform know that redirect address.",
            ) from error
        self._seconds = seconds
        self.address = f"http://localhost:{self._server.server_port}{_PATH}"

    def __enter__(self) -> Callback:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, state: str) -> dict[str, str]:
        """What came back: `code`, and whatever the platform adds.

        Raises:
            StopConnection: nobody answered, consent was not given, or the answer is not to our question.
        """
        again = "Run the command again."
        if not self._server.answered.wait(self._seconds) or self._server.answer is None:
            raise StopConnection("Nobody gave consent in time.", fix=again)
        given = dict(self._server.answer)
        if not hmac.compare_digest(given.pop("state", "").encode(), state.encode()):
            raise StopConnection("An answer came that is not to our question (its state differs).", fix=again)
        if "code" not in given:
            raise StopConnection(f"Consent was not given ({given.get('error', 'no reason told')}).", fix=again)
        return given
