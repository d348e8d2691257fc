"""The base of the ledgers over HTTP: what is sent at once, what goes in order, and what is not begun."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

import httpx
import pytest

from blocks.ledgers.api import ApiLedger
from dealbooks.errors import StopConnection
from dealbooks.http import Budget, Call, Connection, Limit
from dealbooks.ledger import (
    Capabilities,
    EffectSpec,
    Lookup,
    Outcome,
    Posting,
    Reading,
    Record,
    Request,
    Verdict,
)
from sandbox.kit import VirtualClock

HAPPENED = Outcome(Verdict.HAPPENED, ref="1")
UNKNOWN = Outcome(Verdict.UNKNOWN)
Write = Callable[[Request], Outcome]


class Ledger(ApiLedger):
    """Its writes are a test's."""

    def __init__(
        self,
        write: Write,
        *,
        together: int = 1,
        limits: Sequence[Limit] = (),
        answer: Callable[[httpx.Request], httpx.Response] = lambda _request: httpx.Response(200, json={}),
        renew: Callable[[], None] | None = None,
    ) -> None:
        clock = VirtualClock()
        client = httpx.Client(base_url="https://ledger.example", transport=httpx.MockTransport(answer))
        budget = Budget(limits, concurrent=together, pace=clock)
        super().__init__(Connection("Ledger", client, budget, clock, authorise=dict), together=together, renew=renew)
        self._write = write

    @property
    def capabilities(self) -> Capabilities:
        raise NotImplementedError

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        raise NotImplementedError

    def kept_in(self) -> str:
        raise NotImplementedError

    def write(self, request: Request) -> Outcome:
        return self._write(request)

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        raise NotImplementedError

    def expected(self, request: Request) -> Mapping[str, str]:
        raise NotImplementedError

    def read(self, refs: Sequence[str]) -> list[Reading]:
        raise NotImplementedError

    def records(self, first: date, last: date) -> Iterable[Record]:
        raise NotImplementedError

    def problems(self) -> list[str]:
        raise NotImplementedError


def request(number: int, subject: str = "", **refs: str) -> Request:
    return Request(number, f"key{number}", "journal", {}, refs, subject)


def test_outcomes_come_in_the_order_of_the_requests_however_they_were_sent() -> None:
    ledger = Ledger(lambda one: Outcome(Verdict.HAPPENED, ref=one.key), together=4)
    requests = [request(number) for number in range(20)]
    assert [outcome.ref for outcome in ledger.send(requests)] == [one.key for one in requests]


def test_several_are_on_their_way_at_once() -> None:
    meeting = threading.Barrier(3, timeout=30)

    def write(_one: Request) -> Outcome:
        meeting.wait()  # nobody gets on alone
        return HAPPENED

    ledger = Ledger(write, together=3)
    assert ledger.send([request(1), request(2), request(3)]) == [HAPPENED] * 3


@pytest.mark.parametrize(
    "requests",
    [
        [request(1, "party:C-1"), request(2, "party:C-1"), request(3, "party:C-1")],
        [request(1, invoice="Invoice/7"), request(2, note="Invoice/7"), request(3, invoice="Invoice/7")],
        [request(1, a="Invoice/1"), request(2, b="Invoice/2"), request(3, a="Invoice/1", b="Invoice/2")],
    ],
)
def test_what_shares_something_goes_one_after_another(requests: list[Request]) -> None:
    order: list[tuple[str, int]] = []
    threads: set[int] = set()

    def write(one: Request) -> Outcome:
        threads.add(threading.get_ident())
        order.append(("begun", one.effect_id))
        order.append(("ended", one.effect_id))
        return HAPPENED

    Ledger(write, together=3).send(requests)
    assert len(threads) == 1
    assert order == [(what, number) for number in (1, 2, 3) for what in ("begun", "ended")]


@pytest.mark.parametrize("together", [1, 4])
def test_nothing_is_made_a_second_time_while_it_is_not_known_whether_it_was_made(together: int) -> None:
    sent: list[int] = []

    def write(one: Request) -> Outcome:
        sent.append(one.effect_id)
        return UNKNOWN if one.effect_id == 1 else HAPPENED

    outcomes = Ledger(write, together=together).send(
        [request(1, "party:C-1"), request(2, "party:C-1"), request(3, "party:C-2")]
    )
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.UNKNOWN, Verdict.DID_NOT_HAPPEN, Verdict.HAPPENED,
    ]  # fmt: skip
    assert sorted(sent) == [1, 3]


def test_a_platform_that_cannot_be_used_is_not_asked_again_for_each_effect() -> None:
    asked: list[int] = []

    def write(one: Request) -> Outcome:
        asked.append(one.effect_id)
        if one.effect_id == 1:
            return HAPPENED
        raise StopConnection("Ledger does not answer.")

    outcomes = Ledger(write).send([request(1), request(2), request(3)])
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.HAPPENED, Verdict.DID_NOT_HAPPEN, Verdict.DID_NOT_HAPPEN,
    ]  # fmt: skip
    assert asked == [1, 2]
    assert outcomes[2].reason == "Ledger does not answer."


def test_a_batch_of_which_nothing_was_done_stops_the_connection() -> None:
    def write(_one: Request) -> Outcome:
        raise StopConnection("Ledger does not answer.")

    with pytest.raises(StopConnection, match="does not answer"):
        Ledger(write, together=2).send([request(1), request(2), request(3)])


def test_what_the_day_leaves_no_room_for_is_not_begun_and_reads_are_left() -> None:
    sent: list[int] = []

    def write(one: Request) -> Outcome:
        sent.append(one.effect_id)
        ledger.connection.call(Call("POST", "/documents", writes=True))
        return HAPPENED

    ledger = Ledger(write, limits=[Limit("second", 100, 1), Limit("day", 15, 86_400)])
    outcomes = ledger.send([request(number) for number in range(8)])
    assert sent == [0, 1, 2, 3, 4], "ten are kept to read back what was sent"
    assert [outcome.verdict for outcome in outcomes] == [Verdict.HAPPENED] * 5 + [Verdict.DID_NOT_HAPPEN] * 3
    with pytest.raises(StopConnection, match="no more calls for now"):
        ledger.send([request(9)])
    assert len(sent) == 5


def test_of_several_calls_that_are_refused_at_once_one_renews() -> None:
    good: list[bool] = []
    meeting = threading.Barrier(3, timeout=30)
    renewed: list[int] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        if good:
            return httpx.Response(200, json={})
        meeting.wait()  # all three are refused before one renews
        return httpx.Response(401)

    def renew() -> None:
        renewed.append(1)
        good.append(True)

    def write(_one: Request) -> Outcome:
        end = ledger.call(Call("POST", "/documents", writes=True))
        return end if isinstance(end, Outcome) else HAPPENED

    ledger = Ledger(write, together=3, answer=answer, renew=renew)
    assert ledger.send([request(1), request(2), request(3)]) == [HAPPENED] * 3
    assert renewed == [1]
