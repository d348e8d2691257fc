"""Match the entries that we expect with what a ledger reports, for one book and one period.

Pure: takes both sides as lists, returns agreements and exceptions, in a stable order. Tier 1 is our own key, exactly;
what was typed by hand is compared by car and amount, and only ever suggested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dealbooks.errors import BrokenInvariant
from dealbooks.ledger import Record
from dealbooks.reconcile.byhand import Judged, Standing, judge_by_hand
from dealbooks.reconcile.compare import (
    Comparison,
    compare,
    expected_lines,
    period_deltas,
    record_lines,
    shows_own_currency,
    side_text,
    total_debit,
)
from dealbooks.reconcile.likeness import suggest
from dealbooks.reconcile.model import (
    SEVERITIES,
    Expected,
    MatchPolicy,
    MatchResult,
    ReconException,
    Suggestion,
    money_text,
    sorted_exceptions,
)
from dealbooks.reconcile.moves import explained_by, moves_of, sold_by
from dealbooks.reconcile.typed import known_for_good
from dealbooks.reconcile.words import WORDS

_EXPLAINED = frozenset({"opening", "banking", "purchase", "clearing", "remittance", "other"})
_NOBODY = Standing()
_Pair = tuple[Expected, tuple[Record, ...]]


def match(
    expected: Sequence[Expected], found: Sequence[Record], policy: MatchPolicy, standing: Standing = _NOBODY
) -> MatchResult:
    """Pair by our key; what is left on either side is an exception of a named class.

    Never pairs one twice: neither an entry nor a record. The same inputs in any order give the same result. `found`
    may hold records of other periods that carry our keys; those without a key count only inside the period. `standing`
    tells what records typed by hand clear; without it none does.

    Raises:
        BrokenInvariant: two expected entries have one key, or two records one reference.
    """
    ours = sorted(expected, key=lambda item: item.key)
    theirs = sorted(found, key=lambda item: (item.date, item.ref))
    _check_unique(ours, theirs)
    carried = policy.carried
    if carried is None:
        carried = frozenset(
            name for record in theirs for line in record.lines for name, value in line.dimensions.items() if value
        )
    groups, strangers, by_hand = _group(ours, theirs, policy)
    matched: list[_Pair] = []
    waiting: list[Expected] = []
    absent: list[Expected] = []
    voided: dict[str, Record] = {}  # by the key of their entry: shown, and without a line
    exceptions: list[ReconException] = []
    for item in ours:
        pieces, copies = _pieces(item, groups.get(item.key, []))
        exceptions += [_copy(item, record, policy) for record in copies]
        if item.state == "posted" and pieces and item.entry.lines and not any(one.lines for one in pieces):
            absent.append(item)
            voided[item.key] = pieces[0]
        elif pieces:
            matched.append((item, tuple(pieces)))
            difference = compare(item, pieces, policy, carried)
            if difference is not None:
                exceptions.append(_differs(item, pieces, difference, policy))
        elif item.state == "planned":
            waiting.append(item)
        elif item.state == "posted":
            absent.append(item)
    suggestions = suggest(absent, by_hand)
    likely = {pair.key: pair for pair in suggestions}
    records = {record.ref: record for record in by_hand}
    for item in absent:
        pair = likely.get(item.key)
        like = voided.get(item.key) if pair is None else records[pair.ref]
        exceptions.append(_absent(item, like, pair, policy, voided=item.key in voided))
    exceptions += [_stranger(record, policy) for record in strangers]
    named = {pair.ref for pair in suggestions}
    standing = replace(standing, explained=explained_by(exceptions, policy.accounts))
    judged = judge_by_hand([one for one in by_hand if one.ref not in named], matched, policy, standing)
    others = [one for one in judged if one.kind in _EXPLAINED]
    left = [one for one in judged if one.kind not in (*_EXPLAINED, "elsewhere")]
    exceptions += known_for_good([(_by_hand(one, policy), one.record) for one in left], policy)
    return MatchResult(
        tuple(matched), sorted_exceptions(exceptions), suggestions,
        tuple((one.kind, one.record) for one in others), tuple(waiting), tuple(absent),
        {one.record.ref: one.words for one in others if one.words},
        tuple(moved for one in others for moved in one.unnamed),
    )  # fmt: skip


def _check_unique(ours: Sequence[Expected], theirs: Sequence[Record]) -> None:
    if len({item.key for item in ours}) != len(ours):
        raise BrokenInvariant("Two expected entries have one key.", fix="Run 'dealbooks audit verify'.")
    if len({record.ref for record in theirs}) != len(theirs):
        raise BrokenInvariant(
            "The ledger lists two records under one reference.", fix="Run 'dealbooks doctor' on the ledger."
        )


def _group(
    ours: Sequence[Expected], theirs: Sequence[Record], policy: MatchPolicy
) -> tuple[dict[str, list[Record]], list[Record], list[Record]]:
    """Records by the entry whose key they carry; those with a key that nobody knows; those with none."""
    known = {key: item.key for item in ours for key in (item.key, *item.effect_keys)}
    for length in {len(record.key) for record in theirs} - {0}:  # a ledger may cut the key to its own length
        for item in ours:
            known.setdefault(item.key[:length], item.key)
    groups: dict[str, list[Record]] = {}
    strangers: list[Record] = []
    by_hand: list[Record] = []
    for record in theirs:
        inside = policy.first <= record.date <= policy.last
        if record.key in known and record.key:
            groups.setdefault(known[record.key], []).append(record)
        elif inside:
            (strangers if record.key else by_hand).append(record)
    return groups, strangers, by_hand


def _pieces(item: Expected, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """The records that carry an entry, one for each of its write calls, and the copies that are too many."""
    if item.state == "superseded":
        return [], [record for record in records if record.lines]  # one that was voided says nothing
    ranked = sorted(
        records,
        key=lambda record: (
            record.ref not in item.refs,
            record.date != item.entry.accounting_date,
            record.date,
            record.ref,
        ),
    )
    pieces = [record for record in ranked if record.ref in item.refs]
    if not pieces:
        first: dict[str, Record] = {}
        for record in ranked:
            first.setdefault(record.key, record)
        pieces = list(first.values())
    chosen = {record.ref for record in pieces}
    return pieces, [record for record in ranked if record.ref not in chosen]


def _make(
    code: str,
    policy: MatchPolicy,
    *,
    what: str,
    where: str,
    item: Expected | None,
    records: Sequence[Record],
    subject: str,
    ours: str,
    theirs: str,
    comparison: Comparison | None = None,
    counts_ours: bool = True,
    cause: str = "",
) -> ReconException:
    words = WORDS[code]
    entry = item.entry if item is not None and counts_ours else None
    deal = item.deal if item is not None else ""
    ref = records[0].ref if records else (item.refs[0] if item is not None and item.refs else "the document")
    if comparison is not None:
        difference, currency = comparison.difference, comparison.currency
    else:
        mine = expected_lines(entry, policy, own_currency=shows_own_currency(entry, records)) if entry else []
        them = record_lines(records, policy)
        difference = total_debit(them) - total_debit(mine)
        currency = (mine or them)[0].currency if mine or them else policy.currency
    numbers = {line.dimensions.get("stock_no", "") for line in record_lines(records, policy)}
    if item is not None:
        numbers |= {item.stock_no} | {line.dimensions.get("stock_no", "") for line in item.entry.lines}
    return ReconException(
        code=code, severity=SEVERITIES[code], what=what, where=where, ours=ours, theirs=theirs,
        difference=difference, currency=currency, cause=cause or words.cause,
        cure=words.cure.format(deal=deal or "DEAL", ref=ref), subject=subject, deal=deal,
        stock_nos=tuple(sorted(numbers - {""})), deltas=period_deltas(entry, records, policy),
        moves=moves_of(entry, records, policy), sold=sold_by(entry, records, policy),
    )  # fmt: skip


def _place(item: Expected) -> str:
    return f"deal {item.deal}, {item.entry.entry_id}" if item.deal else item.entry.entry_id


def _side(item: Expected, policy: MatchPolicy) -> str:
    lines = expected_lines(item.entry, policy)
    total = side_text(total_debit(lines), lines[0].currency if lines else policy.currency).removesuffix(" debit")
    return f"{item.entry.entry_id} of {item.entry.accounting_date.isoformat()}, {total}"


def _record_side(record: Record, policy: MatchPolicy) -> str:
    lines = record_lines([record], policy)
    amount = money_text(total_debit(lines), lines[0].currency) + f" {lines[0].currency}" if lines else "nothing"
    return f"{record.ref} of {record.date.isoformat()}, {amount}, “{record.narration}”"


def _differs(item: Expected, pieces: Sequence[Record], found: Comparison, policy: MatchPolicy) -> ReconException:
    return _make(
        found.code, policy, what=f"{WORDS[found.code].title}: {'; '.join(found.differences)}.", where=_place(item),
        item=item, records=pieces, subject=item.key, ours=_side(item, policy),
        theirs="; ".join(_record_side(record, policy) for record in pieces), comparison=found,
    )  # fmt: skip


def _absent(
    item: Expected, like: Record | None, pair: Suggestion | None, policy: MatchPolicy, *, voided: bool = False
) -> ReconException:
    code = "deleted_in_ledger" if item.seen else "missing_in_ledger"
    code = "voided_in_ledger" if voided else code
    what = f"{WORDS[code].title}: {_side(item, policy)}."
    cause = ""
    if like is not None and pair is not None:
        what += f" {like.ref} was typed by hand and looks like it ({pair.reason})."
        cause = "Somebody seems to have entered it again by hand."
    return _make(
        code, policy, what=what, where=_place(item), item=item, records=[like] if like is not None else [],
        subject=item.key, ours=_side(item, policy), cause=cause,
        theirs=_record_side(like, policy) if like is not None else "nothing",
    )  # fmt: skip


def _copy(item: Expected, record: Record, policy: MatchPolicy) -> ReconException:
    replaced = item.state == "superseded"
    what = (
        f"What was replaced, or issued again, stands in the ledger: {record.ref}."
        if replaced
        else f"{WORDS['duplicate'].title}: {record.ref} is a copy of {item.entry.entry_id}."
    )
    return _make(
        "duplicate", policy, what=what, where=_place(item), item=item, records=[record],
        subject=f"{item.key} {record.ref}", ours="nothing" if replaced else _side(item, policy),
        theirs=_record_side(record, policy), counts_ours=False,
    )  # fmt: skip


def _stranger(record: Record, policy: MatchPolicy) -> ReconException:
    return _make(
        "missing_in_source", policy, what=f"{record.ref} carries a key of ours, and no deal here has that key.",
        where=record.ref, item=None, records=[record], subject=record.ref, ours="nothing",
        theirs=_record_side(record, policy),
    )  # fmt: skip


def _by_hand(judged: Judged, policy: MatchPolicy) -> ReconException:
    record, item = judged.record, judged.repeats
    code = {"duplicate": "duplicate", "sale": "missing_in_source"}.get(judged.kind, "unexplained_ledger_entry")
    if item is not None and item.entry.event == "sale.posted":
        what = f"The sale in {record.ref} was typed by hand, and the same car is posted already."
    elif item is not None:
        what = f"{record.ref} was typed by hand, and looks like {item.entry.entry_id}, which is posted already."
    elif code == "missing_in_source":
        what = f"A vehicle sale was typed by hand in {record.ref}, and no deal is behind it."
    else:
        by = f" by {record.who}" if record.who else ""
        what = f"{record.ref} was typed by hand{by} on {_accounts_of(record, policy)}."
    return _make(
        code, policy, what=what, where=_place(item) if item is not None else record.ref, item=item, records=[record],
        subject=record.ref, ours=_side(item, policy) if item is not None else "nothing",
        theirs=_record_side(record, policy), counts_ours=False,
    )  # fmt: skip


def _accounts_of(record: Record, policy: MatchPolicy) -> str:
    labels = dict.fromkeys(policy.accounts.of_line(line) for line in record.lines)
    return " and ".join(label for label in labels if policy.accounts.is_mapped(label))
