"""Through the whole gateway, for every scheme: what is not exactly what its sender signed leaves nothing, and no answer
is a 5xx."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from gateway_support import HOOKS, NOW, WHSEC, address, hook, house, made, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealbooks.house import House
from dealbooks.store import Store
from gateway.app import create_app
from gateway.schemes import SCHEMES

pytestmark = pytest.mark.long

MIB = 1024 * 1024
SIGNED = ("standard", "signed", "hubspot", "docusign", "stripe", "gocardless")  # over the whole body
TIMED = ("standard", "signed", "hubspot", "stripe")
NEW = {"standard": "whsec_bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4="}
_SETTINGS = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
_LAUGHS = "<!DOCTYPE lolz [<!ENTITY lol0 'lol'>" + "".join(
    f"<!ENTITY lol{n} '{f'&lol{n - 1};' * 10}'>" for n in range(1, 10)
) + "]>"  # fmt: skip


@dataclass
class Gate:
    """A gateway over a new store, called in this process."""

    client: TestClient
    url: str
    now: datetime = NOW

    def send(self, scheme: str, headers: dict[str, str], body: bytes) -> int:
        """Post; the status."""
        status: int = self.client.post(address(scheme), content=body, headers=headers).status_code
        return status

    def keys(self) -> list[str]:
        """What is stored."""
        store = Store(self.url)
        try:
            return [row["dedupe_key"] for row in stored(store)]
        finally:
            store.close()


@contextmanager
def _gate(folder: Path, **changes: Any) -> Iterator[Gate]:
    folder.mkdir(exist_ok=True)
    often = {name: {"per_minute": 100_000_000} | changes.get(name, {}) for name in HOOKS}
    config = house(folder, **often)
    with House.open(config):
        pass
    found: list[Gate] = []
    with TestClient(create_app(config, clock=lambda: found[0].now), raise_server_exceptions=True) as client:
        found.append(Gate(client, f"sqlite:///{folder / 'store.db'}"))
        yield found[0]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with _gate(tmp_path / "gate") as one:
        yield one


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """One that many calls go to, of which it may take none."""
    with _gate(tmp_path_factory.mktemp("refusing")) as one:
        yield one
        assert one.keys() == []


@pytest.mark.parametrize("scheme", SIGNED)
@_SETTINGS
@given(data=st.data())
def test_no_body_that_differs_in_one_bit_is_taken(refusing: Gate, scheme: str, data: st.DataObject) -> None:
    headers, body = made(scheme)
    place, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(body)
    changed[place] ^= 1 << bit
    assert refusing.send(scheme, headers, bytes(changed)) == 401


@pytest.mark.parametrize("scheme", SIGNED)
@_SETTINGS
@given(data=st.data())
def test_no_signature_that_differs_in_one_character_is_taken(refusing: Gate, scheme: str, data: st.DataObject) -> None:
    headers, body = made(scheme)
    own = SCHEMES[scheme].sign(body, hook(scheme), hook(scheme).secrets[0], NOW)
    name = data.draw(st.sampled_from(sorted(set(own) - {"X-Authorization-Digest"})))  # which says HMACSHA256
    value = own[name]
    # The last characters of base64 may hold bits that say nothing.
    place = data.draw(st.integers(0, max(0, len(value) - 4)))
    other = data.draw(st.sampled_from("0123456789abcdefXYZ").filter(lambda one: one != value[place]))
    assert refusing.send(scheme, headers | {name: value[:place] + other + value[place + 1 :]}, body) in (400, 401)


@pytest.mark.parametrize("scheme", SIGNED)
def test_the_same_json_written_otherwise_is_refused(refusing: Gate, scheme: str) -> None:
    headers, body = made(scheme)
    for text in (json.dumps(json.loads(body), indent=1), json.dumps(json.loads(body), sort_keys=True) + "\n"):
        assert text.encode() != body
        assert refusing.send(scheme, headers, text.encode()) == 401


@pytest.mark.parametrize("scheme", HOOKS)
@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_names_of_headers_may_be_written_in_any_case(gate: Gate, scheme: str, change: Any) -> None:
    headers, body = made(scheme)
    assert gate.send(scheme, {change(name): value for name, value in headers.items()}, body) in (200, 202)
    assert len(gate.keys()) == 1


@pytest.mark.parametrize("scheme", TIMED)
@pytest.mark.parametrize("off", [-86_400, -302, 302, 86_400])
def test_what_is_stale_or_of_the_future_is_refused(refusing: Gate, scheme: str, off: int) -> None:
    headers, body = made(scheme, now=NOW + timedelta(seconds=off))
    assert refusing.send(scheme, headers, body) == 401


@pytest.mark.parametrize("scheme", SIGNED)
def test_a_rotated_secret_holds_during_the_overlap_and_not_after_it(tmp_path: Path, scheme: str) -> None:
    old, new = hook(scheme).secrets[0], NEW.get(scheme, "another-secret-02")
    by_old, by_new = made(scheme, secret=old), made(scheme, secret=new)
    with _gate(tmp_path / "during", **{scheme: {"secrets": [new, old]}}) as gate:
        assert {gate.send(scheme, *by_old), gate.send(scheme, *by_new)} <= {200, 202}
    with _gate(tmp_path / "after", **{scheme: {"secrets": [new]}}) as gate:
        assert gate.send(scheme, *by_old) == 401
        assert gate.keys() == []
        assert gate.send(scheme, *by_new) in (200, 202)


@pytest.mark.parametrize("scheme", HOOKS)
def test_bombs_are_not_opened(refusing: Gate, scheme: str) -> None:
    headers, _ = made(scheme)
    packed = gzip.compress(b"0" * (50 * MIB), 9)
    assert refusing.send(scheme, headers | {"Content-Encoding": "gzip"}, packed) == 415
    assert refusing.send(scheme, headers, packed) in (400, 401)
    if scheme != "adobe_sign":  # it may be so large
        assert refusing.send(scheme, headers, b"0" * (10 * MIB)) == 413
    bomb = f'<?xml version="1.0"?>{_LAUGHS}<Envelope>&lol9;</Envelope>'.encode()
    signed, _ = made(scheme, bomb)
    assert refusing.send(scheme, signed, bomb) in (400, 401)


@pytest.mark.parametrize("scheme", HOOKS)
@_SETTINGS
@given(body=st.binary(max_size=400), data=st.data())
def test_nothing_that_a_stranger_sends_is_taken(refusing: Gate, scheme: str, body: bytes, data: st.DataObject) -> None:
    """Without the secret: any body, and headers that look right."""
    names = sorted(made(scheme)[0])
    text = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80)
    headers = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, text | st.just(WHSEC))))
    answer = refusing.client.post(f"/hooks/{scheme}", content=body, headers=headers)
    assert answer.status_code in (400, 401, 415)
