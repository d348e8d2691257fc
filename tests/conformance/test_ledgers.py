"""What every ledger must do, whatever it is made of. A further ledger is one row of LEDGERS.

`make` gives a connected, empty ledger, kept in GBP, with the chart of tests/beancount_support.py; `spoil` turns a good
request into one that the ledger refuses for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dealbooks.ledger import Ledger, Outcome, Posting, Presence, Record, Request, Verdict
from tests.beancount_support import DAY, ledger, receipt, requests, reversal


@dataclass(frozen=True)
class LedgerCase:
    """One ledger under test."""

    name: str
    make: Callable[[Path], Ledger]
    spoil: Callable[[Request], Request]


LEDGERS = (
    LedgerCase(
        "beancount",
        make=ledger,
        spoil=lambda request: replace(request, payload={**request.payload, "text": "2026-01-01 * cut sho"}),
    ),
)


@pytest.fixture(params=LEDGERS, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> LedgerCase:
    chosen: LedgerCase = request.param
    return chosen


@pytest.fixture
def target(case: LedgerCase, tmp_path: Path) -> Iterator[Ledger]:
    """The ledger, which must have nothing to complain of when the test is over."""
    made = case.make(tmp_path / "book")
    yield made
    assert made.problems() == []


def send(target: Ledger, batch: Sequence[Request]) -> list[Outcome]:
    """Send in the batches that the ledger takes."""
    size = target.capabilities.batch_size
    return [outcome for start in range(0, len(batch), size) for outcome in target.send(batch[start : start + size])]


def post(target: Ledger, *postings: Posting) -> list[Outcome]:
    outcomes = send(target, requests(target, postings))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.HAPPENED] * len(postings)
    assert all(outcome.ref for outcome in outcomes)
    return outcomes


def listed(target: Ledger, first: date = DAY, last: date = DAY) -> list[Record]:
    return list(target.records(first, last))


def test_effects_are_pure(target: Ledger) -> None:
    posting = receipt()
    assert target.effects(posting) == target.effects(posting)
    names = [effect.name for effect in target.effects(posting)]
    assert len(set(names)) == len(names) >= 1
    for place, effect in enumerate(target.effects(posting)):
        assert set(effect.depends_on) <= set(names[:place])
    assert listed(target) == []


def test_what_is_posted_is_found_and_reads_back_as_expected(target: Ledger) -> None:
    (request,) = requests(target, [receipt()])
    (outcome,) = post(target, receipt())
    (lookup,) = target.find([request])
    assert (lookup.presence, lookup.ref) == (Presence.FOUND, outcome.ref)
    (reading,) = target.read([outcome.ref])
    assert reading.ref == outcome.ref
    assert reading.figures is not None
    expected = target.expected(request)
    assert expected
    assert {name: reading.figures.get(name) for name in expected} == expected


def test_the_same_request_twice_is_one_record(target: Ledger) -> None:
    (first,), (second,) = post(target, receipt()), post(target, receipt())
    assert first.ref == second.ref
    assert len(listed(target)) == 1


def test_the_same_request_twice_in_a_batch_is_one_record(target: Ledger) -> None:
    first, second = post(target, receipt(), receipt())
    assert first.ref == second.ref
    assert len(listed(target)) == 1


def test_a_key_with_other_content_is_never_a_second_record(target: Ledger) -> None:
    post(target, receipt(amount="250.00"))
    (changed,) = requests(target, [receipt(amount="250.01")])
    (outcome,) = send(target, [changed])
    assert outcome.verdict in (Verdict.REFUSED, Verdict.HAPPENED)  # a platform's key may give back the first answer
    (record,) = listed(target)
    assert {abs(line.amount) for line in record.lines} == {Decimal("250.00")}


def test_what_was_never_sent_is_absent(target: Ledger) -> None:
    post(target, receipt("d1"))
    (lookup,) = target.find(requests(target, [receipt("d2")]))
    assert lookup.presence is Presence.ABSENT
    (reading,) = target.read(["no-such-ref"])
    assert reading.figures is None


def test_an_answer_that_was_lost_is_looked_up_and_may_be_sent_again(target: Ledger) -> None:
    batch = requests(target, [receipt(subject=f"P{n}") for n in range(6)])
    send(target, batch[:3])  # the answers never reached the outbox
    presences = [lookup.presence for lookup in target.find(batch)]
    assert presences == [Presence.FOUND] * 3 + [Presence.ABSENT] * 3
    if target.capabilities.safe_resend:
        send(target, batch)
        assert len(listed(target)) == 6


def test_a_record_lists_what_was_posted(target: Ledger) -> None:
    posting = receipt(amount="1234.56")
    (outcome,) = post(target, posting)
    (record,) = listed(target)
    assert record.ref == outcome.ref
    assert record.key == posting.key.wire(target.capabilities.key_length)
    assert record.date == DAY
    assert sorted(line.amount for line in record.lines) == [Decimal("-1234.56"), Decimal("1234.56")]
    assert {line.currency for line in record.lines} == {"GBP"}
    assert len({line.account for line in record.lines}) == 2


def test_a_period_is_listed_with_both_its_days(target: Ledger) -> None:
    days = [DAY + timedelta(days=n) for n in range(-2, 3)]
    post(target, *(receipt(subject=day.isoformat(), day=day) for day in days))
    assert sorted(record.date for record in listed(target, days[1], days[3])) == days[1:4]
    assert listed(target, date(2001, 1, 1), date(2001, 12, 31)) == []


def test_a_reversal_takes_back_every_account(target: Ledger) -> None:
    first = receipt()
    later = DAY + timedelta(days=20)
    post(target, first)
    post(target, reversal(first, later))
    balances: dict[str, Decimal] = {}
    for record in listed(target, DAY, later):
        for line in record.lines:
            balances[line.account] = balances.get(line.account, Decimal(0)) + line.amount
    assert balances
    assert set(balances.values()) == {Decimal(0)}


def test_one_that_is_refused_stops_none_of_the_others(case: LedgerCase, target: Ledger) -> None:
    batch = requests(target, [receipt(subject=f"P{n}") for n in range(5)])
    batch[2] = case.spoil(batch[2])
    outcomes = send(target, batch)
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.REFUSED if place == 2 else Verdict.HAPPENED for place in range(5)
    ]
    assert outcomes[2].reason
    assert len(listed(target)) == 4


def test_names_that_collide_stay_apart(target: Ledger) -> None:
    """Two customers of one name, deal numbers that differ in a sign only, equal amounts on one day."""
    numbers = ["A/1", "A 1", "A-1", "a-1", "注文1", "注文-1", 'A"1', "A\\1"]
    postings = [receipt(f"d{place}", number=number, customer="Alex Doe") for place, number in enumerate(numbers)]
    outcomes = post(target, *postings, receipt("d0", "P2"), receipt("d0", "P3"))
    assert len({outcome.ref for outcome in outcomes}) == len(numbers) + 2
    assert len({record.key for record in listed(target)}) == len(numbers) + 2


@pytest.mark.parametrize(
    "name", ['"', "\\", "a\nb", "; x", "Ærøskøbing Bil", "山田 太郎", "\u202edlob", "\x00", "x" * 600]
)
def test_any_customer_name_can_be_posted(target: Ledger, name: str) -> None:
    post(target, receipt(customer=name, number=name))
    assert len(listed(target)) == 1


def test_more_than_a_page_is_listed_whole(target: Ledger) -> None:
    postings = [receipt(subject=f"P{n}", amount=f"{n}.01") for n in range(1, 1051)]
    post(target, *postings)
    records = listed(target)
    assert len(records) == 1050
    assert {record.key for record in records} == {p.key.wire(target.capabilities.key_length) for p in postings}
    assert sum(max(line.amount for line in record.lines) for record in records) == sum(
        (posting.entry.total_debit for posting in postings), Decimal(0)
    )
