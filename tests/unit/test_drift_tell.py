"""What people are told of drift: few words, no names, no secrets; and what a block cannot do is said plainly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from pydantic import ValidationError
from reconcile_support import BOOK, expected_of, record_of, sale_of

from dealbooks.config import BookConfig, Config
from dealbooks.drift import Finding, finding_of
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.periods import Period
from dealbooks.pipeline.drift_found import DriftRow
from dealbooks.reconcile import ReconException, Severity
from dealbooks.reconcile.life import Lived
from dealbooks.reconcile.life import lived as lived_with
from tasks import drift

_KEPT: list[tuple[str, str]] = []
_SECRET = "https://hooks.example.test/T000/B000/verysecret"
NOW, LATER = "2026-10-01T09:00:00.000000Z", "2026-10-01T10:00:00.000000Z"


class Deaf(NotificationBlock):
    """Takes nothing, and says why with its address."""

    async def notify(self, body: str, subject: str | None = None) -> None:
        raise RuntimeError(f"{_SECRET} answered 403")


class Keeps(NotificationBlock):
    """Keeps what it is told."""

    async def notify(self, body: str, subject: str | None = None) -> None:
        _KEPT.append((subject or "", body))


def exception(**changes: Any) -> ReconException:
    given: dict[str, Any] = {
        "code": "edited_after_posting", "severity": Severity.HIGH, "what": "Edited: 1.00 more.",
        "where": "deal N-1, sale-v1", "ours": "sale-v1", "theirs": "Invoice/7, “Harriet Thackray”",
        "difference": Decimal("1.00"), "currency": "GBP", "cause": "somebody", "cure": "undo", "subject": "key-1",
        "deal": "N-1",
    }  # fmt: skip
    return ReconException(**given | changes)


def finding(*, locked: Sequence[Period] = (), **changes: Any) -> Finding:
    item = sale_of(expected_of("G10"), "G10")
    return finding_of(exception(**changes), [item], [record_of(item)], locked, lasting=True)


def row(**changes: Any) -> DriftRow:
    return DriftRow(finding(**changes), "open", NOW, NOW, NOW, "", "", "")


def loaded(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Block]) -> None:
    async def load(_name: str) -> Block:
        return answer()

    monkeypatch.setattr(Block, "aload", staticmethod(load))


def tell(**given: str) -> None:
    asyncio.run(drift.notify.fn("slack-webhook/office", BOOK, given.get("subject", "s"), given.get("body", "b")))


def test_a_message_names_documents_and_amounts_and_nobody() -> None:
    closed = row(locked=[Period(2026, 3)], subject="key-2")
    subject, body = drift.message(BOOK, [closed, row()])
    assert subject == "northgate: 2 changes in the ledger"
    assert body.splitlines()[0] == "1 of them in a month that is closed."
    assert "deal N-1, sale-v1, 1.00 GBP" in body
    assert "in 2026-03, which is closed" in body
    assert "Thackray" not in body
    assert body.endswith("See: dealbooks drift northgate")


def test_of_many_findings_a_message_names_the_first() -> None:
    rows = [row(subject=f"key-{number}") for number in range(drift.MOST + 5)]
    _, body = drift.message(BOOK, rows)
    assert "... and 5 more." in body
    assert len(body.splitlines()) == drift.MOST + 2


def test_what_a_block_raises_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch, Deaf)
    with pytest.raises(StopConnection, match="could not be sent by the block slack-webhook/office") as told:
        tell()
    assert _SECRET not in str(told.value)
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


def test_a_block_is_told_subject_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch, Keeps)
    tell(subject="northgate: 1 change in the ledger", body="look")
    assert _KEPT == [("northgate: 1 change in the ledger", "look")]


def test_a_block_that_is_not_there_or_cannot_notify_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Block:
        raise ValueError("no such document")

    loaded(monkeypatch, missing)
    with pytest.raises(ConfigError, match="no block slack-webhook/office"):
        tell()
    loaded(monkeypatch, lambda: Secret(value="x"))
    with pytest.raises(ConfigError, match="sends no notifications"):
        tell()


@pytest.mark.parametrize("value", [_SECRET, "slack", "slack-webhook/", "Slack Webhook/office"])
def test_an_address_is_no_name_of_a_block(value: str) -> None:
    for model in (Config, BookConfig):
        with pytest.raises(ValidationError) as told:
            model.model_validate({"notify": [value]})
        wrong = [one for one in told.value.errors(include_input=False) if one["loc"][0] == "notify"]
        assert wrong
        assert "verysecret" not in str(wrong[0]["msg"])


def lived(book: str, known: dict[str, Any], found: list[Finding], looked_at: Any, now: str) -> Lived:
    return lived_with(book, known, found, looked_at, now, fresh={"told": ""})


def test_a_finding_lives_from_look_to_look() -> None:
    one = finding()
    first = lived(BOOK, {}, [one], lambda _: True, NOW)
    (added,) = first.added
    assert (added["state"], added["first_seen"], first.raised) == ("open", NOW, (f"{BOOK}/{one.id}",))
    known = {added["id"]: added}
    assert lived(BOOK, known, [one], lambda _: True, LATER).seen == (added["id"],)
    assert lived(BOOK, known, [], lambda _: False, LATER) == lived(BOOK, {}, [], lambda _: False, LATER)
    ((_, over),) = lived(BOOK, known, [], lambda _: True, LATER).changed
    assert over == {"state": "gone", "gone_at": LATER}
    back = lived(BOOK, {added["id"]: added | over}, [one], lambda _: True, LATER)
    assert back.raised == (added["id"],)
    assert (back.changed[0][1]["state"], back.changed[0][1]["gone_at"], back.changed[0][1]["told"]) == ("open", "", "")


def test_a_month_that_is_closed_later_raises_nothing_again() -> None:
    (added,) = lived(BOOK, {}, [finding()], lambda _: True, NOW).added
    kept = added | {"state": "acknowledged", "who": "Ann", "why": "agreed", "told": added["mark"]}
    shut = finding(locked=[Period(2026, 3)])
    assert shut.closed
    after = lived(BOOK, {added["id"]: kept}, [shut], lambda _: True, LATER)
    assert after.raised == ()
    ((_, values),) = after.changed
    assert (values["state"], values["who"], values["told"]) == ("acknowledged", "Ann", added["mark"])


def test_what_somebody_typed_is_known_by_what_it_says_where_lines_move() -> None:
    item = sale_of(expected_of("G10"), "G10")
    typed = record_of(item, key="", ref="main.beancount:12", date=date(2026, 3, 9))
    moved = record_of(item, key="", ref="main.beancount:13", date=date(2026, 3, 9))
    other = record_of(item, key="", ref="main.beancount:12", date=date(2026, 3, 10))
    ids = [
        finding_of(exception(subject=one.ref, what=one.ref), [], [one], [], lasting=False)
        for one in (typed, moved, other)
    ]
    assert (ids[0].id, ids[0].mark) == (ids[1].id, ids[1].mark)
    assert ids[2].id != ids[0].id
    lasting = [finding_of(exception(subject=one.ref), [], [one], [], lasting=True) for one in (typed, moved)]
    assert lasting[0].id != lasting[1].id


def test_what_a_source_calls_a_deal_is_no_markup_in_a_message() -> None:
    where = "deal <!channel> [N-1](http://evil.example) <b>@here</b>\n*Paid*, sale-v1"
    _, text = drift.message(BOOK, [row(where=where)])
    line = text.splitlines()[0]
    assert not set(line) & set("<>[]@*|&`~")
    assert "//" not in line
    assert "N-1" in line
    assert len(text.splitlines()) == 2
    assert len(row(where="x" * 5000).finding.told) < 300
