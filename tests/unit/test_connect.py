"""Consent in a browser: the answer comes back to this machine, is checked, and the token is kept."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from dealbooks.errors import StopConnection, UsageError
from dealbooks.oauth.callback import Callback


@pytest.fixture
def callback() -> Iterator[Callback]:
    with Callback(0, seconds=30) as made:
        yield made


def waiting(callback: Callback, state: str) -> Future[dict[str, str]]:
    pool = ThreadPoolExecutor(1)
    future = pool.submit(callback.wait, state)
    pool.shutdown(wait=False)
    return future


def answer(callback: Callback, query: str) -> httpx.Response:
    return httpx.get(callback.address.replace("localhost", "127.0.0.1") + query, timeout=10)


def test_the_answer_comes_back_with_what_the_platform_adds(callback: Callback) -> None:
    future = waiting(callback, "s1")
    assert answer(callback, "/favicon.ico").status_code == 404
    assert answer(callback, "?code=c1&state=s1&realmId=934").status_code == 200
    assert future.result(10) == {"code": "c1", "realmId": "934"}


def test_an_answer_to_another_question_is_refused(callback: Callback) -> None:
    future = waiting(callback, "s1")
    answer(callback, "?code=c1&state=s2")
    with pytest.raises(StopConnection, match="not to our question"):
        future.result(10)


def test_a_refusal_is_told(callback: Callback) -> None:
    future = waiting(callback, "s1")
    answer(callback, "?error=access_denied&state=s1")
    with pytest.raises(StopConnection, match="Consent was not given \\(access_denied\\)"):
        future.result(10)


def test_a_browser_that_opens_connections_in_advance_does_not_stop_the_answer(callback: Callback) -> None:
    port = urlsplit(callback.address).port or 0
    with socket.create_connection(("127.0.0.1", port)):
        future = waiting(callback, "s1")
        assert answer(callback, "?code=c1&state=s1").status_code == 200
        assert future.result(10) == {"code": "c1"}


def test_a_port_that_is_taken_is_told(callback: Callback) -> None:
    port = urlsplit(callback.address).port or 0
    with pytest.raises(UsageError, match=f"Port {port} .* cannot be listened on"):
        Callback(port)


def test_nobody_answers() -> None:
    with Callback(0, seconds=0.01) as callback, pytest.raises(StopConnection, match="Nobody gave consent in time"):
        callback.wait("s1")
