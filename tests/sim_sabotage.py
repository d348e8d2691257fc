"""Ways to break the outbox on purpose. A simulation that does not notice them proves nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from dealbooks.ledger import Capabilities, Outcome, Request, Verdict
from dealbooks.outbox import drain
from dealbooks.outbox.drain import Drain
from dealbooks.outbox.states import EffectState
from dealbooks.store import Lease, Tx
from dealbooks.store.tables import effects

Patch = pytest.MonkeyPatch
_REAL_REQUESTS = Drain._requests
_REAL_ABSENT = Drain._absent
_REAL_NOT_HAPPENED = Drain._not_happened


def _as(verdict: Verdict) -> Callable[..., Any]:
    """No certainty is taken for this verdict."""

    def not_happened(self: Drain, row: Any, outcome: Outcome) -> Any:
        known = outcome if outcome.verdict is not Verdict.UNKNOWN else replace(outcome, verdict=verdict)
        return _REAL_NOT_HAPPENED(self, row, known)

    return not_happened


def _left_behind_is(state: EffectState) -> Callable[[Drain], None]:
    """What a dead process left under way gets this state, without a look-up."""

    def recover(self: Drain) -> None:
        with self._store.transaction("sabotage", "recover") as tx:
            query = select(effects).where(effects.c.state == EffectState.SENDING.value)
            tx.update("effects", tx.rows(query), state=state.value, next_at=tx.at)

    return recover


def no_look_up(patch: Patch) -> None:
    """Whatever is in doubt is sent again."""
    patch.setattr(Drain, "_not_happened", _as(Verdict.DID_NOT_HAPPEN))
    patch.setattr(Drain, "_recover", _left_behind_is(EffectState.PENDING))


def random_key(patch: Patch) -> None:
    """Every attempt has a key of its own."""

    def requests(self: Drain, rows: Sequence[Any]) -> list[Request]:
        return [replace(one, key=uuid.uuid4().hex[: len(one.key)]) for one in _REAL_REQUESTS(self, rows)]

    patch.setattr(Drain, "_requests", requests)


def lease_ignored(patch: Patch) -> None:
    """Every process goes on as if it were alone."""
    patch.setattr(Lease, "acquire", lambda _self: True)
    patch.setattr(Lease, "check", lambda _self, _tx: None)
    patch.setattr(Lease, "held", lambda _self: True)
    patch.setattr(Lease, "release", lambda _self: None)
    patch.setattr(Drain, "_recover", _left_behind_is(EffectState.PENDING))


def fencing_ignored(patch: Patch) -> None:
    """What another process has under way is taken for never sent."""
    patch.setattr(Drain, "_recover", _left_behind_is(EffectState.PENDING))


def absent_at_once(patch: Patch) -> None:
    """Not found counts as did not happen, however short a while after it was sent, and whatever the key's life."""

    def absent(self: Drain, row: Any, lookup: Any, asked: datetime) -> Any:
        return drain._Result(row, EffectState.PENDING, next_at=self._later(0))

    patch.setattr(Drain, "_absent", absent)


def intent_not_kept(patch: Patch) -> None:
    """The intent is not durable before the call: after a death it looks as if nothing had been sent."""
    patch.setattr(Drain, "_recover", _left_behind_is(EffectState.PENDING))
    patch.setattr(Drain, "_look_up", lambda _self: None)
    patch.setattr(Drain, "_not_happened", _as(Verdict.DID_NOT_HAPPEN))


def doubt_is_success(patch: Patch) -> None:
    """No answer is taken for yes."""

    def not_happened(self: Drain, row: Any, outcome: Outcome) -> Any:
        if outcome.verdict is Verdict.UNKNOWN:
            return drain._Result(row, EffectState.POSTED, ref=outcome.ref)
        return _REAL_NOT_HAPPENED(self, row, outcome)

    patch.setattr(Drain, "_not_happened", not_happened)


def left_behind_is_success(patch: Patch) -> None:
    """What a dead process had under way is taken for posted."""
    patch.setattr(Drain, "_recover", _left_behind_is(EffectState.POSTED))


def needs_ignored(patch: Patch) -> None:
    """Nothing waits for anything: a payment goes before its invoice."""

    def free(tx: Tx, held: Sequence[Any]) -> int:
        tx.update("effects", held, state=EffectState.PENDING.value, next_at=tx.at, updated_at=tx.at)
        return len(held)

    patch.setattr(Drain, "_free", staticmethod(free))


def one_key_for_all(patch: Patch) -> None:
    """The key says what kind of call it is, and not for which posting."""

    def requests(self: Drain, rows: Sequence[Any]) -> list[Request]:
        return [replace(one, key=one.name.encode().hex().ljust(20, "0")[:20]) for one in _REAL_REQUESTS(self, rows)]

    patch.setattr(Drain, "_requests", requests)


def refusal_forgotten(patch: Patch) -> None:
    """`Too many calls` is taken for done."""

    def not_happened(self: Drain, row: Any, outcome: Outcome) -> Any:
        if outcome.verdict is Verdict.DID_NOT_HAPPEN:
            return drain._Result(row, EffectState.POSTED, ref="")
        return _REAL_NOT_HAPPENED(self, row, outcome)

    patch.setattr(Drain, "_not_happened", not_happened)


def deaf_to_settling(patch: Patch) -> None:
    """The ledger says that its search needs time, and nobody listens; keys are taken to be remembered for ever."""

    def absent(self: Drain, row: Any, lookup: Any, asked: datetime) -> Any:
        real = self._ledger.capabilities

        class Told:
            capabilities: Capabilities = replace(real, settle_seconds=0.0, native_key_seconds=1e9)

        kept, self._ledger = self._ledger, Told()  # type: ignore[assignment]
        try:
            return _REAL_ABSENT(self, row, lookup, asked)
        finally:
            self._ledger = kept

    patch.setattr(Drain, "_absent", absent)


def subject_ignored(patch: Patch) -> None:
    """Two effects make the same customer, though it is not known whether the first one has."""

    def ready(book: str, at: str) -> Any:
        return (effects.c.book == book) & (effects.c.state == EffectState.PENDING.value) & (effects.c.next_at <= at)

    patch.setattr(drain, "ready", ready)


def woken_unaware(patch: Patch) -> None:
    """A process that was stopped in a batch goes on with it, though another one has taken over."""
    patch.setattr(Lease, "held", lambda _self: True)


SABOTAGES: Mapping[str, Callable[[Patch], None]] = {
    made.__name__: made
    for made in (
        no_look_up, random_key, lease_ignored, fencing_ignored, absent_at_once, intent_not_kept, doubt_is_success,
        left_behind_is_success, needs_ignored, one_key_for_all, refusal_forgotten, deaf_to_settling,
        subject_ignored, woken_unaware,
    )
}  # fmt: skip
