"""Calls over HTTP: how each end is told, within the limits, with every exchange kept and no secret in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from dealbooks.errors import StopConnection
from dealbooks.http import Budget, BudgetSpent, Call, Connection, Limit, NoReply, Reply
from sandbox.kit import VirtualClock

WRITE = Call("POST", "/invoices", body=b'{"a":1}', what="create invoice 7", writes=True)
READ = Call.get("/invoices", {"page": "1"}, what="list invoices")
CANARY = "canary-secret-4711"


def connection(
    answer: Callable[[httpx.Request], httpx.Response],
    clock: VirtualClock,
    *limits: Limit,
    concurrent: int = 5,
) -> Connection:
    budget = Budget(limits, concurrent=concurrent, pace=clock)
    client = httpx.Client(base_url="https://ledger.example/api", transport=httpx.MockTransport(answer))
    return Connection(
        "Ledger",
        client,
        budget,
        clock,
        authorise=lambda: {"authorization": f"Bearer {CANARY}"},
        secrets=lambda: (CANARY,),
        listen=lambda reply, told: (
            told.told("minute", int(reply.headers["x-left"])) if "x-left" in reply.headers else None
        ),
    )


def failing(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("it failed", request=request)

    return answer


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (httpx.PoolTimeout, False),
        (httpx.ReadTimeout, True),
        (httpx.WriteTimeout, True),
        (httpx.WriteError, True),
        (httpx.ReadError, True),
        (httpx.RemoteProtocolError, True),
    ],
)
def test_a_call_without_an_answer_may_have_been_done_unless_it_was_never_sent(
    error: type[httpx.TransportError], sent: bool
) -> None:
    end = connection(failing(error), VirtualClock()).call(WRITE)
    assert isinstance(end, NoReply)
    assert end.sent is sent


def test_an_answer_that_cannot_be_read_may_have_been_done() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(b"<html>a proxy</html>")
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream, request=request)

    end = connection(answer, VirtualClock()).call(WRITE)
    assert isinstance(end, NoReply)
    assert end.sent


@pytest.mark.parametrize("to", ["/items", "ftp://elsewhere.test/items", "nonsense:"])
def test_an_answer_that_sends_us_elsewhere_is_an_answer_and_is_not_followed(to: str) -> None:
    calls: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url)
        return httpx.Response(307, headers={"location": to}, request=request)

    made = connection(answer, VirtualClock())
    made._client.follow_redirects = True
    end = made.call(WRITE)
    assert isinstance(end, Reply)
    assert end.status == 307
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("said", "seconds"), [("30", 30.0), ("99999999999999", 86_400.0), ("9" * 400, 86_400.0), ("²", None), ("-1", None)]
)
def test_a_pause_that_is_asked_for_is_a_day_at_most(said: str, seconds: float | None) -> None:
    assert Reply(429, {"retry-after": said}).retry_after == seconds


def test_a_sender_that_no_longer_holds_the_book_reads_and_does_not_write() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return httpx.Response(200)

    talk = connection(answer, VirtualClock())
    talk.held = lambda: False
    end = talk.call(WRITE)
    assert isinstance(end, NoReply)
    assert not end.sent
    assert talk.read(READ).status == 200
    assert calls == ["GET"]


def test_a_write_is_made_once_whatever_it_meets() -> None:
    calls: list[httpx.Request] = []

    def busy(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(503)

    end = connection(busy, VirtualClock()).call(WRITE)
    assert isinstance(end, Reply)
    assert (end.status, len(calls)) == (503, 1)


def test_a_read_is_made_again_until_it_is_answered_and_waits_as_asked() -> None:
    clock = VirtualClock()
    answers = [httpx.Response(503), httpx.Response(429, headers={"retry-after": "9"}), httpx.Response(200, json=[1])]
    began = clock.now()
    reply = connection(lambda _request: answers.pop(0), clock).read(READ)
    assert reply.json() == [1]
    assert clock.now() - began >= timedelta(seconds=10)


def test_a_read_that_stays_unanswered_stops_the_connection_in_words() -> None:
    with pytest.raises(StopConnection, match="Ledger does not answer: no answer came in time"):
        connection(failing(httpx.ReadTimeout), VirtualClock()).read(READ)


def test_amounts_in_an_answer_are_exact() -> None:
    reply = connection(lambda _request: httpx.Response(200, content=b'{"total": 0.1}'), VirtualClock()).read(READ)
    assert str(reply.json()["total"] * 3) == "0.3"


def test_what_was_said_is_kept_without_secrets() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"you": request.headers["authorization"]})

    talks = connection(echo, VirtualClock())
    talks.call(Call("POST", "/invoices", {"token": CANARY}, body=f'{{"key": "{CANARY}"}}'.encode()), effect="e1")
    (kept,) = talks.exchanges()
    assert CANARY not in repr(kept)
    assert (kept.effect, kept.method, kept.status) == ("e1", "POST", 200)
    assert kept.url.startswith("https://ledger.example/api/invoices")
    assert talks.exchanges() == []


def calls_within(moments: list[datetime], seconds: float) -> int:
    """The most calls in any window of so many seconds."""
    width = timedelta(seconds=seconds)
    return max(sum(start <= moment < start + width for moment in moments) for start in moments)


def test_every_limit_is_kept_and_used_up() -> None:
    clock = VirtualClock()
    moments: list[datetime] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        moments.append(clock.now())
        return httpx.Response(200)

    talks = connection(answer, clock, Limit("second", 5, 1), Limit("minute", 60, 60))
    began = clock.now()
    for _ in range(180):
        talks.call(WRITE)
    assert calls_within(moments, 1) == 5
    assert calls_within(moments, 60) == 60
    # Two full minutes, each kept a second longer, and the last 60 calls, five in each 1.1 s.
    assert clock.now() - began < timedelta(seconds=136)


def test_a_window_is_kept_a_little_longer_since_calls_do_not_all_take_as_long_to_arrive() -> None:
    clock = VirtualClock()
    moments: list[datetime] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        moments.append(clock.now())
        return httpx.Response(200)

    talks = connection(answer, clock, Limit("second", 5, 1), Limit("minute", 20, 60))
    for _ in range(60):
        talks.call(WRITE)
    assert calls_within(moments, 1.1) == 5
    assert calls_within(moments, 61) == 20


def test_the_room_is_what_a_long_limit_leaves() -> None:
    clock = VirtualClock()
    answers = [httpx.Response(200), httpx.Response(429, headers={"retry-after": "4000"})]
    talks = connection(lambda _request: answers.pop(0), clock, Limit("minute", 60, 60), Limit("day", 100, 86_400))
    assert connection(lambda _request: httpx.Response(200), clock, Limit("minute", 60, 60)).room() is None
    talks.call(WRITE)
    assert talks.room() == 99
    talks.call(WRITE)
    assert talks.room() == 0, "it asked for more than an hour"
    clock.sleep(4001)
    assert talks.room() == 98
    clock.sleep(86_402)
    assert talks.room() == 100


def test_what_the_platform_says_is_left_counts() -> None:
    clock = VirtualClock()
    talks = connection(lambda _request: httpx.Response(200, headers={"x-left": "1"}), clock, Limit("minute", 60, 60))
    began = clock.now()
    talks.call(WRITE)
    talks.call(WRITE)
    assert clock.now() == began  # two were free
    talks.call(WRITE)
    assert clock.now() - began >= timedelta(seconds=60)


def test_a_pause_that_the_platform_asks_for_is_kept_by_every_call() -> None:
    clock = VirtualClock()
    answers = [httpx.Response(429, headers={"retry-after": "30"}), httpx.Response(200)]
    talks = connection(lambda _request: answers.pop(0), clock)
    began = clock.now()
    talks.call(WRITE)
    talks.call(WRITE)
    assert clock.now() - began >= timedelta(seconds=30)


def test_a_day_that_is_spent_is_told_and_not_waited_for() -> None:
    clock = VirtualClock()
    talks = connection(lambda _request: httpx.Response(200), clock, Limit("day", 2, 86_400))
    for _ in range(2):
        talks.call(WRITE)
    began = clock.now()
    end = talks.call(WRITE)
    assert isinstance(end, NoReply)
    assert not end.sent
    assert end.retry_after is not None
    assert 86_400 < end.retry_after <= 86_402
    assert clock.now() == began
    with pytest.raises(StopConnection, match="2 calls a day are spent"):
        talks.read(READ)


def test_a_spent_budget_says_for_how_long() -> None:
    clock = VirtualClock()
    budget = Budget([Limit("hour", 1, 3600)], concurrent=1, pace=clock)
    with budget.call():
        pass
    with pytest.raises(BudgetSpent) as raised, budget.call():
        pytest.fail("the second call is not within the limit")
    assert raised.value.limit.name == "hour"
