"""A refused authorisation is renewed once for all the calls that it was refused to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from dealbooks.errors import StopConnection
from dealbooks.http import NoReply, Renewal, Reply, refused


class Platform:
    """Accepts one key; `accepts` says which."""

    def __init__(self, accepts: str = "new") -> None:
        self.accepts = accepts
        self.key = "old"
        self.asked: list[str] = []
        self.renewals = 0

    def call(self) -> Reply:
        self.asked.append(self.key)
        return Reply(200 if self.key == self.accepts else 401)

    def renew(self) -> None:
        self.renewals += 1
        self.key = "new"


def test_a_refused_call_is_made_again_with_a_new_authorisation() -> None:
    platform = Platform()
    renewal = Renewal(platform.renew)
    assert renewal.ask(platform.call).status == 200
    assert platform.asked == ["old", "new"]
    assert renewal.ask(platform.call).status == 200
    assert platform.renewals == 1


def test_of_two_calls_that_are_refused_at_once_one_renews() -> None:
    platform = Platform()
    renewal = Renewal(platform.renew)
    both = threading.Barrier(2)

    def call() -> Callable[[], Reply]:
        asked = iter((True, False))

        def made() -> Reply:
            reply = platform.call()
            if next(asked):
                both.wait(timeout=30)  # neither goes on before both are refused
            return reply

        return made

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(renewal.ask, (call(), call())))
    assert [end.status for end in ends] == [200, 200]
    assert platform.renewals == 1
    assert sorted(platform.asked) == ["new", "new", "old", "old"]


def test_a_call_that_is_refused_again_ends_so_and_the_next_one_renews_anew() -> None:
    platform = Platform(accepts="another")
    renewal = Renewal(platform.renew)
    assert refused(renewal.ask(platform.call))
    assert platform.asked == ["old", "new"]
    assert refused(renewal.ask(platform.call))
    assert platform.renewals == 2


def test_what_the_renewal_raises_is_raised_and_the_next_call_tries_it_again() -> None:
    platform, tried = Platform(), list[int]()

    def renew() -> None:
        tried.append(1)
        if len(tried) == 1:
            raise StopConnection("northgate is not connected.", fix="Reconnect it: dealbooks connect northgate")
        platform.renew()

    renewal = Renewal(renew)
    with pytest.raises(StopConnection, match="northgate is not connected") as raised:
        renewal.ask(platform.call)
    assert raised.value.fix == "Reconnect it: dealbooks connect northgate"
    assert platform.asked == ["old"]
    assert renewal.ask(platform.call).status == 200
    assert len(tried) == 2


@pytest.mark.parametrize("end", [Reply(200), Reply(403), Reply(429), NoReply(sent=True, reason="no answer")])
def test_nothing_else_than_a_refusal_is_asked_again(end: Reply | NoReply) -> None:
    platform, made = Platform(), list[Reply | NoReply]()

    def call() -> Reply | NoReply:
        made.append(end)
        return end

    assert Renewal(platform.renew).ask(call) is end
    assert (len(made), platform.renewals) == (1, 0)


def test_without_another_authorisation_a_refusal_is_the_end() -> None:
    platform = Platform()
    assert refused(Renewal(None).ask(platform.call))
    assert platform.asked == ["old"]
