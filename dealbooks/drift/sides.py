"""Both sides of what changed: entries as we posted them, records as they stand; and what does not agree. Pure.

The classes and words are those of `dealbooks.reconcile`. Beside them, told apart here: figures that the lines do not
show (a customer, a tax code, a class) are not as they were read when it was posted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dealbooks.ledger import Record
from dealbooks.reconcile import Expected, MatchPolicy, ReconException, match
from dealbooks.reconcile.byhand import Standing
from dealbooks.reconcile.likeness import kind_by_hand
from dealbooks.reconcile.parts import mark_taken_out, part_gone

_NAMES = {"sha256": "its text"}
_NOBODY = Standing()


@dataclass(frozen=True, slots=True)
class Sides:
    """`items` with the records that carry each, by key; `strangers` carry a key of ours that nobody knows, `by_hand`
    none; `unmarked` are references of ours that do not show our key any more; `skipped` records are of entries that are
    on their way."""

    items: tuple[Expected, ...]
    records: Mapping[str, tuple[Record, ...]]
    strangers: tuple[Record, ...]
    by_hand: tuple[Record, ...]
    unmarked: frozenset[str]


def is_settled(item: Expected) -> bool:
    """Whether nothing of an entry is on its way or in doubt: the outbox tells of those itself."""
    return item.state == "superseded" or (item.state == "posted" and item.seen)


def sides_of(expected: Sequence[Expected], records: Sequence[Record], owners: Mapping[str, str]) -> Sides:
    """Put each record to the entry whose key it shows, or whose reference it has. `owners` gives the entry
    (entries.id) of keys and references of this book."""
    by_key: dict[str, Expected | None] = {"": None}
    for one in expected:
        for name in (one.key, *one.effect_keys, *one.refs):
            by_key.setdefault(name, one)
    carried: dict[str, list[Record]] = {}
    strangers: list[Record] = []
    by_hand: list[Record] = []
    unmarked: set[str] = set()
    for record in records:
        shown = owners.get(record.key, "") if record.key else ""
        item = by_key.get(shown) or by_key.get(record.key) or by_key.get(record.ref)
        if item is not None and not shown:
            unmarked.add(record.ref)
        if item is not None:
            if is_settled(item):
                carried.setdefault(item.key, []).append(replace(record, key=item.key))
        elif not shown and record.ref not in owners:
            (strangers if record.key else by_hand).append(record)
    settled = tuple(item for item in expected if is_settled(item))
    return Sides(
        settled, {key: tuple(some) for key, some in carried.items()}, tuple(strangers), tuple(by_hand),
        frozenset(unmarked),
    )  # fmt: skip


def worth_a_look(record: Record, policy: MatchPolicy) -> bool:
    """Whether something typed by hand may be a finding, so that it has to be seen among everything else."""
    if record.date < policy.first or kind_by_hand(record, policy) not in ("sale", "unexplained"):
        return False
    return any(policy.owns(policy.accounts.role_of(line)) for line in record.lines)


def judged(
    sides: Sides, gone: Collection[str], policy: MatchPolicy, standing: Standing | None = None
) -> list[ReconException]:
    """What does not agree. What was typed by hand is judged only with a `standing`, which takes the whole ledger.

    Raises:
        BrokenInvariant: two entries have one key, or two records one reference.
    """
    records = [record for some in sides.records.values() for record in some]
    more = [*sides.strangers, *(sides.by_hand if standing is not None else ())]
    result = match(sides.items, [*records, *more], policy, standing or _NOBODY)
    items = {item.key: item for item in sides.items}
    void = {record.ref for some in sides.records.values() for record in some if not record.lines}
    found = [part_gone(one, items.get(one.subject), gone, void) for one in result.exceptions]
    named = {one.subject for one in found}
    for key, some in sides.records.items():
        refs = [record.ref for record in some if record.ref in sides.unmarked]
        if refs and key not in named:
            found.append(mark_taken_out(items[key], refs, policy))
    return found


def changed_figures(posted: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Figures that are not as they were read when a document was posted, in words."""
    return [
        f"{_NAMES[name]} was changed"
        if name in _NAMES
        else f"{name}: {value} when it was posted, {_value(now, name)} now"
        for name, value in posted.items()
        if now.get(name) != value
    ]


def _value(figures: Mapping[str, str], name: str) -> str:
    return figures.get(name) or "nothing"
