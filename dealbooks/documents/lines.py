"""Lines and taxes of a sales document, from part `invoice` of the entry and the facts beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from dealbooks.documents import words
from dealbooks.documents.facts import InvoiceFacts
from dealbooks.documents.target import ZERO, Target, TaxCode
from dealbooks.documents.values import CUSTOMER, INVOICE, ROUNDING, DocumentLine, DocumentTax
from dealbooks.entries import Entry, Line
from dealbooks.money import minor_unit
from dealbooks.posting import PostingError


class NoTaxCode(PostingError):
    """The ledger has no tax code for `code`, one of ours."""

    def __init__(self, code: str, deal_id: str, reason: str, *, fix: str = "") -> None:
        super().__init__(deal_id, reason, fix=fix)
        self.code = code


@dataclass(slots=True)
class Invoice:
    """Part `invoice` of an entry as a document says it; `rest` are the lines of the other parts, as they stand."""

    lines: list[DocumentLine] = field(default_factory=list)
    taxes: list[DocumentTax] = field(default_factory=list)
    account: list[Line] = field(default_factory=list)
    exchange: list[Line] = field(default_factory=list)
    rest: list[Line] = field(default_factory=list)


def invoice_of(entry: Entry, facts: InvoiceFacts | None, target: Target, sign: int) -> Invoice:
    """Read an entry; `sign` is 1 for a sale, -1 for its mirror. Without facts each entry line is one document line.

    Raises:
        PostingError: when a tax code has no code of the ledger.
    """
    made = Invoice()
    places: list[int] = []
    rest = made.rest
    for at, line in enumerate(entry.lines):
        if line.part != INVOICE:
            rest.append(line)
        elif line.role == CUSTOMER:
            made.account.append(line)
        elif line.role == "fx.rounding":
            made.exchange.append(line)
        else:
            places.append(at)
    codes = Codes(entry, facts, target)
    if facts is None:
        _from_entry(made, entry.lines, places, codes, sign)
    else:
        _from_facts(made, entry.lines, places, facts, codes, sign)
    return made


class Codes:
    """Which code of the ledger, and which rate, a line is sent with."""

    __slots__ = ("_additive", "_deal", "_map", "_no_tax", "_rates", "_taxable", "on_top_as_lines")

    def __init__(self, entry: Entry, facts: InvoiceFacts | None, target: Target) -> None:
        self._deal = entry.entry_id if facts is None else facts.deal_number
        self._map = target.tax_codes
        self._rates: Mapping[str, Decimal] = {} if facts is None else facts.rates
        self._additive = facts is not None and not facts.rates
        self._no_tax = TaxCode(target.no_tax)
        self._taxable = TaxCode(target.taxable)
        self.on_top_as_lines = target.taxes_on_top == "lines"

    def without_tax(self) -> TaxCode:
        """For settlements, rounding, and taxes that are sent as lines."""
        return self._no_tax

    def of(self, code: str | None) -> TaxCode:
        """For our tax code; no code of ours is no tax.

        Raises:
            PostingError: when the ledger has no code for it.
        """
        if code is None:
            return self._no_tax
        if self._map is None:
            return TaxCode(code, self._rates.get(code, ZERO))
        found = self._map.get(code)
        if found is None:
            raise NoTaxCode(
                code,
                self._deal,
                f"tax code {code} has no tax code in the ledger",
                fix=f"Name the ledger's tax code for {code} in the settings of the ledger.",
            )
        return found

    def of_line(self, code: str | None, taxed_by: tuple[str, ...]) -> TaxCode:
        """For a line of the sale: under a tax on top of the price, the code of that tax, else the taxable code."""
        if taxed_by and not self.on_top_as_lines:
            found = None if self._map is None else self._map.get(taxed_by[0])
            return TaxCode((found or self._taxable).code)
        if self._additive and self._map is not None and code not in self._map:
            return self._no_tax  # taxes come on top, or there are none: the line's own code decides nothing
        return self.of(code)

    def of_tax(self, code: str, rate: Decimal | None, *, on_top: bool) -> tuple[str, Decimal | None]:
        """For a tax of the document: the ledger's code, and the rate at which the ledger computes it."""
        found = None if self._map is None else self._map.get(code)
        if found is not None:
            return found.code, found.rate
        return (code, rate) if on_top else (self.of(code).code, rate)


def _from_facts(
    made: Invoice, lines: Sequence[Line], places: Sequence[int], facts: InvoiceFacts, codes: Codes, sign: int
) -> None:
    sent: dict[tuple[str | None, tuple[str, ...]], TaxCode] = {}
    add = made.lines.append
    for at, line_id, text, net, tax, taxed_by in facts.lines:
        line = lines[at]
        key = (line.tax_code, taxed_by)
        code = sent.get(key)
        if code is None:
            code = sent[key] = codes.of_line(*key)
        add(
            DocumentLine(
                INVOICE,
                line.role,
                net,
                tax,
                line.tax_code,
                code.code,
                code.rate,
                line.dimensions,
                text,
                line_id,
                taxed_by,
            )
        )
    if lines and lines[0].base is not None:
        _base_of_pieces(made, lines, facts, sign)
    known = {piece.at for piece in facts.lines}
    for tax_at, tax_code, rate, taxed, role, on_top in facts.taxes:
        nil = tax_at is None or tax_at in known
        _tax(made, None if nil else lines[tax_at or 0], tax_code, role, rate, taxed, codes, sign, on_top=on_top)
        if tax_at is not None:
            known.add(tax_at)
    for at in places:
        if at not in known:
            _line(made, lines[at], ZERO, codes, sign)


def _base_of_pieces(made: Invoice, lines: Sequence[Line], facts: InvoiceFacts, sign: int) -> None:
    """In foreign currency: what an entry line is in base currency goes to its pieces in proportion; the last takes the
    rest, so that they add up to it."""
    last = {piece.at: index for index, piece in enumerate(facts.lines)}
    left: dict[int, Decimal] = {}
    for index, piece in enumerate(facts.lines):
        line = lines[piece.at]
        if line.base is None:
            continue
        whole = -line.base.amount * sign
        rest = left.setdefault(piece.at, whole)
        if last[piece.at] == index:
            base = rest
        else:
            share = piece.net / (-line.amount.amount * sign)
            base = (whole * share).quantize(minor_unit(line.base.currency), ROUND_HALF_UP)
        left[piece.at] = rest - base
        made.lines[index] = made.lines[index]._replace(base=base)


def _from_entry(made: Invoice, lines: Sequence[Line], places: Sequence[int], codes: Codes, sign: int) -> None:
    """Without facts each entry line is one document line; a tax whose code is on no line comes on top of the prices,
    and its rate is not known."""
    taxes = [at for at in places if lines[at].role.startswith("tax.") or lines[at].role == "payable.sales_tax"]
    sold = [at for at in places if at not in taxes]
    shares = _shared(lines, sold, taxes, sign)
    for at in sold:
        _line(made, lines[at], shares.get(at, ZERO), codes, sign)
    on_lines = {lines[at].tax_code for at in sold}
    for at in taxes:
        tax = lines[at]
        on_top = tax.role == "tax.lct" or tax.tax_code not in on_lines
        _tax(made, tax, tax.tax_code or "", tax.role, None, None, codes, sign, on_top=on_top)


def _line(made: Invoice, line: Line, tax: Decimal, codes: Codes, sign: int) -> None:
    """An entry line of which no facts are known, the rounding to a signed total among them (G07)."""
    code = codes.without_tax() if line.role == ROUNDING else codes.of_line(line.tax_code, ())
    made.lines.append(
        DocumentLine(
            INVOICE,
            line.role,
            -line.amount.amount * sign,
            tax,
            line.tax_code,
            code.code,
            code.rate,
            line.dimensions,
            words.of_role(line.part, line.role, line.dimensions, line.tax_code),
            line.dimensions.get("product", ""),
            (),
            base_of(line, sign),
        )
    )


def _shared(lines: Sequence[Line], sold: Sequence[int], taxes: Sequence[int], sign: int) -> dict[int, Decimal]:
    """The tax of a code, given back to its lines in proportion to their amounts, to the unit."""
    shares: dict[int, Decimal] = {}
    for tax_at in taxes:
        line = lines[tax_at]
        mine = [at for at in sold if lines[at].tax_code == line.tax_code and lines[at].role != ROUNDING]
        tax = -line.amount.amount * sign
        whole = sum([lines[at].amount.amount for at in mine], ZERO)
        unit = minor_unit(line.amount.currency)
        given = so_far = ZERO
        for at in mine:
            so_far += lines[at].amount.amount
            upto = (tax * so_far / whole).quantize(unit, ROUND_HALF_UP) if whole else tax
            shares[at] = shares.get(at, ZERO) + upto - given
            given = upto
    return shares


def _tax(
    made: Invoice,
    line: Line | None,
    tax_code: str,
    role: str,
    rate: Decimal | None,
    taxed: Decimal | None,
    codes: Codes,
    sign: int,
    *,
    on_top: bool,
) -> None:
    amount = ZERO if line is None else -line.amount.amount * sign
    dims: Mapping[str, str] = {} if line is None else line.dimensions
    base = None if line is None else base_of(line, sign)
    if on_top and codes.on_top_as_lines:
        if line is not None:
            text = words.of_role(INVOICE, role, dims, tax_code)
            none = codes.without_tax()
            made.lines.append(
                DocumentLine(INVOICE, role, amount, ZERO, tax_code, none.code, ZERO, dims, text, tax_code, (), base)
            )
        return
    code, rate = codes.of_tax(tax_code, rate, on_top=on_top)
    made.taxes.append(DocumentTax(tax_code, code, rate, amount, role, dims, on_top, taxed, base))


def base_of(line: Line, sign: int) -> Decimal | None:
    """A line's amount in base currency, in the document's sense."""
    return None if line.base is None else -line.base.amount * sign
