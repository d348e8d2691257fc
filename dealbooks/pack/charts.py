"""Small bar charts: how long each bar is, and what the chart says in words. Pure; the page draws them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from dealbooks.pack.model import Bar, Chart, Table
from dealbooks.pack.registers import BUCKETS
from dealbooks.pack.shown import amount_shown
from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.plural import counted
from dealbooks.reconcile.words import WORDS

ZERO = Decimal(0)
_TONES = {"critical": "bad", "high": "bad", "medium": "warn", "low": "plain"}


def charts(rec: Reconciliation, contracts: Table, log: Table, first: date, last: date) -> tuple[Chart, ...]:
    """The charts of a period; one that would show nothing is left out."""
    made = (exception_chart(rec), contract_chart(contracts, rec.currency), day_chart(log, first, last))
    return tuple(chart for chart in made if chart.bars)


def exception_chart(rec: Reconciliation) -> Chart:
    """How many exceptions of each class, worst first."""
    counts: dict[tuple[int, str, str], int] = {}
    for one in rec.exceptions:
        place = (one.severity.rank, one.code, one.severity.value)
        counts[place] = counts.get(place, 0) + 1
    most = max(counts.values(), default=0)
    bars = tuple(
        Bar(WORDS[code].title if code in WORDS else code, _parts(count, most), str(count), _TONES[severity])
        for (_, code, severity), count in sorted(counts.items())
    )
    return Chart("chart-exceptions", "Exceptions by class", _words(bars), bars)


def contract_chart(contracts: Table, currency: str) -> Chart:
    """What lenders owe, by age, in the book's currency."""
    sums: dict[str, tuple[int, Decimal]] = {}
    for row in contracts.sheet.rows:
        if row[10] == currency and isinstance(row[9], Decimal):
            count, total = sums.get(str(row[0]), (0, ZERO))
            sums[str(row[0])] = (count + 1, total + row[9])
    if not sums:
        return Chart("chart-contracts", "", "", ())
    most = max(abs(total) for _, total in sums.values())
    names = [name for _, name in BUCKETS] + sorted(set(sums) - {name for _, name in BUCKETS})
    bars = []
    for place, name in enumerate(names):
        count, total = sums.get(name, (0, ZERO))
        if name in sums or place < len(BUCKETS):
            words = f"{count}: {amount_shown(total)} {currency}" if count else "none"
            tone = "plain" if place < 1 else "warn" if place < 3 else "bad"
            bars.append(Bar(name, _parts(abs(total), most), words, tone))
    return Chart("chart-contracts", "Contracts in transit by age", _words(bars), tuple(bars))


def day_chart(log: Table, first: date, last: date) -> Chart:
    """Cars sold on each day of the period, by the date they were booked; days with none too."""
    counts: dict[str, int] = {}
    for row in log.sheet.rows:
        counts[str(row[0])] = counts.get(str(row[0]), 0) + (1 if row[17] == "" else -1)
    most = max(counts.values(), default=0)
    if most <= 0:
        return Chart("chart-days", "", "", ())
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    bars = tuple(
        Bar(str(day.day), _parts(max(counts.get(day.isoformat(), 0), 0), most), str(counts.get(day.isoformat(), 0)))
        for day in days
    )
    busy = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[0]
    sales, on = counted(sum(counts.values()), "sale"), counted(len(counts), "day")
    words = f"{sales} on {on}; most on {busy[0]}, {busy[1]}."
    return Chart("chart-days", "Sales by day", words, bars)


def _parts(value: Decimal | int, most: Decimal | int) -> int:
    """A length out of a hundred; what is not nothing is seen."""
    if not most or not value:
        return 0
    return max(int(Decimal(value) * 100 / Decimal(most)), 1)


def _words(bars: Sequence[Bar] | Iterable[Bar]) -> str:
    return "; ".join(f"{bar.label}: {bar.words}" for bar in bars) + "."
