"""Figures of an entry as text, written alike for what we expect and for what Odoo shows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from dealbooks.money import amount_text


def taxes_text(lines: Iterable[tuple[str, Sequence[int]]]) -> str:
    """On how many lines of each account (by its code) each set of taxes stands, by their ids: `4030 tax 12 on 1 lines`;
    lines without a tax are left out."""
    counted = Counter((code, tuple(sorted(taxes))) for code, taxes in lines if taxes)
    told = (f"{code} tax {' and '.join(map(str, ids))} on {count} lines" for (code, ids), count in counted.items())
    return ", ".join(sorted(told)) or "none"


def dimensions_text(spread: Iterable[str]) -> str:
    """On how many lines each set of analytic accounts stands, by their ids: `12 and 15 on 4 lines`."""
    counted = Counter(tuple(sorted(one.split(","), key=int)) for one in spread if one)
    return ", ".join(f"{' and '.join(ids)} on {count} lines" for ids, count in sorted(counted.items())) or "none"


def lines_text(sums: Mapping[str, Decimal], currency: str) -> str:
    """What stands on each account, debit positive, by code; nothing where it comes to nil."""
    return ", ".join(f"{code} {amount_text(sums[code], currency)}" for code in sorted(sums) if sums[code])
