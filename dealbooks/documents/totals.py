"""What the ledger will make of a document as sent, compared with ours: equal, or refused with the difference. Pure.

Arithmetic of posting-rules.md section 2: tax inside a price is price x r/(1+r), tax on a net amount is net x r; each
line rounded, or each code once per document and given back to the lines by largest remainder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from dealbooks.documents.target import ZERO, Target
from dealbooks.documents.values import Document, DocumentLine
from dealbooks.money import minor_unit
from dealbooks.posting import PostingError
from dealbooks.posting.arithmetic import cut, spread_tax, tax_inside


class TaxDiffers(PostingError):
    """The ledger would work out another tax than ours: `theirs`, `ours` and `difference` (theirs less ours) in the
    currency of the document, for tax code `code`."""

    def __init__(
        self, deal: str, code: str, theirs: Decimal, ours: Decimal, currency: str, where: str, fix: str
    ) -> None:
        difference = theirs - ours
        super().__init__(
            deal,
            f"{where}the ledger would work out {theirs} {currency} of tax under {code}, and the tax rules give {ours}: "
            f"a difference of {difference:+f}",
            fix=fix,
        )
        self.code = code
        self.theirs = theirs
        self.ours = ours
        self.difference = difference


@dataclass(frozen=True, slots=True)
class LedgerTax:
    """What the ledger works out: the tax of each line, and the tax of each of our codes."""

    lines: tuple[Decimal, ...]
    codes: Mapping[str, Decimal]


_STATE = "Have the ledger take the tax as stated, or send it as a line of its own."
_ROUND = (
    "Set the ledger to round tax as the tax rules do (by line or by document, prices with or without tax), or have it "
    "take the tax as stated."
)
_RATE = "Correct the ledger's tax code, or the code that is named for {code} in its settings."


def ledger_tax(document: Document, target: Target) -> LedgerTax:
    """The tax as the ledger will compute it from the lines as sent.

    Raises:
        PostingError: when the rate of a tax is not known.
    """
    lines = [ZERO] * len(document.lines)
    codes: dict[str, Decimal] = {}
    by_code: dict[str, list[int]] = {}
    for at, line in enumerate(document.lines):
        if line.rate:
            by_code.setdefault(line.tax_code or "", []).append(at)
    for code, places in by_code.items():
        taxes = _computed([document.lines[at] for at in places], document, target)
        for at, amount in zip(places, taxes, strict=True):
            lines[at] = amount
        codes[code] = sum(taxes, ZERO)
    for tax in document.taxes:
        if tax.on_top:
            taxed = [line.net for line in document.lines if tax.tax_code in line.taxed_by]
            codes[tax.tax_code] = _on_top(taxed, tax.rate, tax.tax_code, document, target)
        else:
            codes.setdefault(tax.tax_code, ZERO)
    return LedgerTax(tuple(lines), codes)


def differences(document: Document, target: Target, deal: str) -> list[TaxDiffers]:
    """Where the ledger would work out another tax than ours, code by code. Where it takes the tax of each line out of
    its price, the line's revenue would differ too: then line by line. Nothing when it takes the tax as stated."""
    if target.tax == "stated":
        return []
    theirs = ledger_tax(document, target)
    ours = {tax.tax_code: tax for tax in document.taxes}
    currency = document.currency
    found: list[TaxDiffers] = []
    for code, amount in theirs.codes.items():
        tax = ours.get(code)
        posted = ZERO if tax is None else tax.amount
        if amount != posted:
            fix = _RATE.format(code=code) if tax is None else _STATE if tax.on_top else _ROUND
            found.append(TaxDiffers(deal, code, amount, posted, currency, "", fix))
    if found or document.amounts == "exclusive" or target.rounding == "document":
        return found
    for line, amount in zip(document.lines, theirs.lines, strict=True):
        if amount != line.tax:
            where = f"on line {line.line_id or line.description} "
            found.append(TaxDiffers(deal, line.tax_code or "", amount, line.tax, currency, where, _ROUND))
    return found


def _computed(lines: Sequence[DocumentLine], document: Document, target: Target) -> list[Decimal]:
    currency, mode = document.currency, target.rounding_mode
    rate = lines[0].rate
    if document.amounts == "inclusive":
        if target.rounding == "document":
            return spread_tax([line.gross for line in lines], rate, currency, mode)
        return [tax_inside(line.gross, rate, currency, mode) for line in lines]
    if target.rounding == "line":
        return [cut(line.net * rate, currency, mode) for line in lines]
    exact = [line.net * rate for line in lines]
    tax = cut(sum(exact, ZERO), currency, mode)
    taxes = [amount.quantize(minor_unit(currency), ROUND_DOWN) for amount in exact]
    spare = tax - sum(taxes, ZERO)
    if spare:
        unit = minor_unit(currency) if spare > 0 else -minor_unit(currency)
        order = sorted(range(len(lines)), key=lambda at: (-abs(exact[at] - taxes[at]), at))
        for at in order[: int(spare / unit)]:
            taxes[at] += unit
    return taxes


def _on_top(taxed: Sequence[Decimal], rate: Decimal | None, code: str, document: Document, target: Target) -> Decimal:
    if rate is None:
        raise PostingError(
            document.entry_id,
            f"the rate of tax {code} is not known, and the ledger computes it",
            fix=f"Name the ledger's tax code for {code}, with its rate, in the settings of the ledger.",
        )
    if target.rounding == "line":
        return sum([cut(net * rate, document.currency, target.rounding_mode) for net in taxed], ZERO)
    return cut(sum(taxed, ZERO) * rate, document.currency, target.rounding_mode)
