"""Tokens: durable before they are used, renewed by one at a time, dead grants told to a person, nothing in clear."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from dealbooks.errors import ConfigError, StopConnection
from dealbooks.http import Pace
from dealbooks.oauth import Client, DeadGrant, Seal, Token, TokenSource
from dealbooks.oauth.seal import VARIABLE
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from dealbooks.store.tables import tokens
from sandbox.kit import VirtualClock

SECRET = "canary-client-secret"


class Endpoint:
    """A token endpoint that gives a new refresh token at every use, and forgets the one before the last."""

    def __init__(self) -> None:
        self.good = {"r0"}
        self.given = 0
        self.lost = 0  # so many answers get lost on their way
        self.status = 200
        self.error = ""
        self.asked: list[dict[str, list[str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        form = parse_qs(request.content.decode())
        self.asked.append(form)
        if self.error:
            return httpx.Response(400, json={"error": self.error})
        if self.status != 200:
            return httpx.Response(self.status)
        used = form.get("refresh_token", [""])[0]
        if form["grant_type"] == ["refresh_token"] and used not in self.good:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.given += 1
        self.good = {used, f"r{self.given}"}
        if self.lost:
            self.lost -= 1
            raise httpx.ReadTimeout("lost", request=request)
        answer = {"access_token": f"a{self.given}", "refresh_token": f"r{self.given}", "expires_in": 1800}
        return httpx.Response(200, json=answer)


class Standing:
    """Time that stands while threads wait for one another."""

    def __init__(self, clock: VirtualClock) -> None:
        self.now = clock.now

    def sleep(self, seconds: float) -> None:
        threading.Event().wait(0.01)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def kept(tmp_path: Path, clock: VirtualClock) -> Store:
    made = Store(f"sqlite:///{tmp_path / 'store.db'}", clock=clock)
    ensure(made)
    return made


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def make(kept: Store, clock: VirtualClock, endpoint: Endpoint, tmp_path: Path) -> Callable[..., TokenSource]:
    """A process of its own each time: nothing but the store is shared."""
    transport = httpx.MockTransport(endpoint)

    def made(grant: str = "code", pace: Pace = clock) -> TokenSource:
        client = Client("northgate", "id", SECRET, "https://login.example/token", transport=transport)
        return TokenSource(kept, lambda: Seal.find(tmp_path / "var"), client, pace, grant=grant)

    return made


@pytest.fixture
def connected(make: Callable[..., TokenSource], clock: VirtualClock) -> Callable[..., TokenSource]:
    make().keep(Token("a0", clock.now() + timedelta(minutes=30), "r0"))
    return make


def test_a_token_is_used_while_it_holds_and_renewed_before_its_end(
    connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint
) -> None:
    source = connected()
    assert source.headers() == {"authorization": "Bearer a0"}
    clock.sleep(27 * 60)
    assert source.headers() == {"authorization": "Bearer a0"}
    clock.sleep(2 * 60)
    assert source.headers() == {"authorization": "Bearer a1"}
    assert len(endpoint.asked) == 1


def test_the_new_refresh_token_is_there_for_the_next_process(
    connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint
) -> None:
    for number in range(1, 6):
        clock.sleep(1800)
        assert connected().token().access == f"a{number}"
    assert [form["refresh_token"] for form in endpoint.asked] == [[f"r{number}"] for number in range(5)]


def test_another_process_has_renewed_it_already(
    connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint
) -> None:
    first, second = connected(), connected()
    assert (first.token().access, second.token().access) == ("a0", "a0")
    clock.sleep(1800)
    assert first.token().access == "a1"
    assert second.token().access == "a1"
    assert len(endpoint.asked) == 1


def test_fifty_at_once_ask_once(connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint) -> None:
    clock.sleep(1800)
    sources = [connected(pace=Standing(clock)) for _ in range(50)]
    found: list[str] = []
    threads = [threading.Thread(target=lambda one=one: found.append(one.token().access)) for one in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["a1"] * 50
    assert len(endpoint.asked) == 1


def test_an_answer_that_was_lost_is_asked_for_again_with_the_token_that_is_kept(
    connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint
) -> None:
    clock.sleep(1800)
    endpoint.lost = 1
    with pytest.raises(StopConnection, match="northgate gives no token: no answer came"):
        connected().token()
    assert connected().token().access == "a2"
    assert [form["refresh_token"] for form in endpoint.asked] == [["r0"], ["r0"]]


def test_a_dead_grant_is_told_with_the_command_and_never_asked_for_again(
    connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint
) -> None:
    clock.sleep(1800)
    endpoint.error = "invalid_grant"
    for _ in range(3):
        with pytest.raises(DeadGrant) as raised:
            connected().token()
        assert raised.value.fix == "Reconnect it: dealbooks connect northgate"
    assert len(endpoint.asked) == 1
    endpoint.error = ""
    connected().keep(Token("new", clock.now() + timedelta(hours=1), "r0"))
    assert connected().token().access == "new"


def test_a_platform_that_is_busy_is_asked_again_later(
    connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint
) -> None:
    clock.sleep(1800)
    endpoint.status = 503
    with pytest.raises(StopConnection, match="HTTP 503"):
        connected().token()
    endpoint.status = 200
    assert connected().token().access == "a1"


def test_what_was_never_connected_says_so(make: Callable[..., TokenSource]) -> None:
    with pytest.raises(DeadGrant, match="northgate is not connected"):
        make().token()


def test_a_token_that_the_platform_refuses_before_its_time_is_renewed_once_for_all(
    connected: Callable[..., TokenSource], endpoint: Endpoint
) -> None:
    first, second = connected(), connected()
    assert (first.token().access, second.token().access) == ("a0", "a0")
    first.renew()
    second.renew()
    assert (first.token().access, second.token().access) == ("a1", "a1")
    assert len(endpoint.asked) == 1


def test_a_client_of_its_own_needs_nobody_s_consent(make: Callable[..., TokenSource], endpoint: Endpoint) -> None:
    assert make("secret").token().access == "a1"
    assert endpoint.asked[0]["grant_type"] == ["client_credentials"]


def test_nothing_stands_in_the_store_in_clear(
    connected: Callable[..., TokenSource], clock: VirtualClock, kept: Store, tmp_path: Path
) -> None:
    clock.sleep(1800)
    token = connected().token()
    with kept.read() as conn:
        row = conn.execute(select(tokens)).mappings().one()
    everything = (tmp_path / "store.db").read_bytes() + repr(dict(row)).encode() + repr(token).encode()
    for secret in ("a1", "r1", SECRET):
        assert f'"{secret}"'.encode() not in everything
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o777 == 0o600
    with kept.read() as conn:
        assert len(conn.execute(select(tokens)).all()) == 1


def test_errors_show_no_secret(connected: Callable[..., TokenSource], clock: VirtualClock, endpoint: Endpoint) -> None:
    clock.sleep(1800)
    endpoint.status = 500
    with pytest.raises(StopConnection) as raised:
        connected().token()
    told = repr(raised.value) + raised.value.fix + repr(raised.value.__cause__)
    assert SECRET not in told
    assert "r0" not in told


def test_the_key_may_come_from_the_environment_and_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv(VARIABLE, old)
    sealed = Seal.find(tmp_path).sealed("r0")
    monkeypatch.setenv(VARIABLE, f"{new},{old}")
    assert Seal.find(tmp_path).opened(sealed) == "r0"
    monkeypatch.setenv(VARIABLE, new)
    with pytest.raises(ConfigError, match="encrypted with another key"):
        Seal.find(tmp_path).opened(sealed)
    monkeypatch.setenv(VARIABLE, "not a key")
    with pytest.raises(ConfigError, match="DEALBOOKS_KEY does not hold a key"):
        Seal.find(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    Seal.find(tmp_path)
    (tmp_path / "secret.key").chmod(0o640)
    with pytest.raises(ConfigError, match=r"secret\.key may be read by others"):
        Seal.find(tmp_path)
