"""The sandbox on a port: what a caller that goes away in the middle leaves behind."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

from sandbox.kit import Answer, Call, Fault, Platform
from sandbox.kit.server import serving


class Listener(Platform):
    """Keeps what it was asked to do."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []

    def kind_of(self, call: Call) -> str:
        return "write"

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        return None

    def perform(self, call: Call) -> Answer:
        self.bodies.append(call.body)
        return Answer(200, b"done")


def said(address: str, text: bytes) -> None:
    """Say something, and go away."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as caller:
        caller.sendall(text)


def asked(address: str, body: bytes) -> bytes:
    """Ask, and wait for the answer."""
    caller = http.client.HTTPConnection(urlsplit(address).netloc)
    caller.request("POST", "/", body)
    answer = caller.getresponse().read()
    caller.close()
    return answer


def test_a_request_that_was_cut_off_is_not_done() -> None:
    platform = Listener()
    with serving(platform) as address:
        said(address, b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n")
        said(address, b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf ")
        assert asked(address, b"whole") == b"done"
    assert platform.bodies == [b"whole"]


def test_a_request_that_came_whole_is_done_although_the_caller_is_gone() -> None:
    platform = Listener()
    with serving(platform) as address:
        said(address, b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nfirst")
        assert asked(address, b"whole") == b"done"
    assert sorted(platform.bodies) == [b"first", b"whole"]
