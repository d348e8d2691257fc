"""A sale, or the mirror of one, as documents: modes A, B and C of posting-rules.md section 7. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from dealbooks.documents.facts import InvoiceFacts
from dealbooks.documents.lines import Invoice, invoice_of
from dealbooks.documents.settle import settlements_of, through_clearing
from dealbooks.documents.target import ZERO, Mode, Target
from dealbooks.documents.totals import differences
from dealbooks.documents.values import (
    CLEARING,
    CUSTOMER,
    INVOICE,
    ROUNDING,
    SETTLEMENT,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentSet,
    Fallback,
    Journal,
    MoneyDocument,
    MoneyKind,
)
from dealbooks.entries import Entry, Line
from dealbooks.errors import BrokenInvariant
from dealbooks.money import Money
from dealbooks.posting import PostingError

_NAMES = {
    DocumentKind.SALES_INVOICE: "invoice",
    DocumentKind.SALES_RECEIPT: "receipt",
    DocumentKind.CREDIT_NOTE: "credit-note",
}


def sale_documents(entry: Entry, target: Target, facts: InvoiceFacts | None) -> DocumentSet:
    """The document and journals of a sale entry, or of its mirror: a credit note.

    Raises:
        PostingError: when the document would come to less than nothing, names no customer, or its tax would differ.
    """
    sign = 1 if entry.reverses is None else -1
    invoice = invoice_of(entry, facts, target, sign)
    mode, fallbacks = target.mode, []
    if mode is Mode.SALES_RECEIPT:
        reason = _no_receipt(entry, facts)
        if reason:
            mode = Mode.INVOICE_WITH_SETTLEMENTS
            fallbacks.append(Fallback(target.mode, mode, reason))
    journal = invoice.rest
    if mode is not Mode.INVOICE_AND_JOURNAL:
        cars = () if facts is None else facts.trades
        settled = settlements_of(invoice.rest, cars, target.no_tax, sign)
        due = _total([*invoice.account, *settled.account]) * sign
        if due < 0 and not target.negative_total:
            wanted, mode = mode, Mode.INVOICE_AND_JOURNAL
            fallbacks.append(Fallback(wanted, mode, f"the settlements exceed the sale by {-due} {entry.currency}"))
        else:
            invoice.lines += settled.lines
            invoice.account += settled.account
            journal = settled.journal
    replaced: list[Line] = []
    if target.settlement == "clearing":
        journal, replaced = through_clearing(journal)
        _charge(invoice, replaced, target, sign)
    kind = DocumentKind.SALES_INVOICE if sign > 0 else DocumentKind.CREDIT_NOTE
    if mode is Mode.SALES_RECEIPT:
        kind = DocumentKind.SALES_RECEIPT
    document, corrections = _checked(_document(entry, kind, target, facts, invoice, sign), entry, target, facts, sign)
    found: list[Document | Journal | MoneyDocument] = [document]
    found += journals_of(entry, [*journal, *corrections], target)
    settlement = _settlement(entry, document, replaced, sign)
    if settlement is not None:
        found.append(settlement)
    return DocumentSet(entry.entry_id, mode, tuple(found), tuple(fallbacks))


def journals_of(entry: Entry, lines: Sequence[Line], target: Target) -> list[Journal]:
    """One journal; where it may have only one line on the customer's account, the parts that would bring another are
    journals of their own (each part balances)."""
    if not lines:
        return []
    parts = [line.part for line in lines if line.role == CUSTOMER]
    if not target.one_customer_line or len(parts) < 2:
        return [_journal(entry, "journal", lines)]
    apart = list(dict.fromkeys(parts))[1:]
    found = [_journal(entry, "journal", [line for line in lines if line.part not in apart])]
    found += [_journal(entry, f"journal-{part}", [line for line in lines if line.part == part]) for part in apart]
    return found


def _journal(entry: Entry, name: str, lines: Sequence[Line]) -> Journal:
    return Journal(
        name, entry.entry_id, entry.accounting_date, entry.currency, tuple(lines), entry.fx_rate, entry.base_currency
    )


def _no_receipt(entry: Entry, facts: InvoiceFacts | None) -> str:
    """Why a sales receipt will not do; nothing when it will."""
    if entry.reverses is not None:
        return "a sale is taken back by a credit note: what was received is paid back under its own number"
    if facts is None:
        return "what was received on the day of the sale is not recorded"
    return facts.not_paid


def _total(lines: Sequence[Line]) -> Decimal:
    return sum([line.amount.amount for line in lines], ZERO)


def _charge(invoice: Invoice, replaced: Sequence[Line], target: Target, sign: int) -> None:
    """When clearing is left with a debit (negative equity that nothing absorbs), the invoice charges it."""
    open_amount = _total(replaced)
    if open_amount * sign <= 0:
        return
    first = replaced[0]
    base = _base(replaced)
    invoice.lines.append(
        DocumentLine(
            SETTLEMENT,
            CLEARING,
            open_amount * sign,
            ZERO,
            None,
            target.no_tax,
            ZERO,
            first.dimensions,
            "Balance of the settlements",
            "",
            (),
            None if base is None else base.amount * sign,
        )
    )
    invoice.account.append(
        Line(SETTLEMENT, CUSTOMER, Money(open_amount, first.amount.currency), None, first.dimensions, base)
    )


def _base(lines: Sequence[Line]) -> Money | None:
    bases = [line.base for line in lines if line.base is not None]
    return Money.total(bases, bases[0].currency) if bases else None


def _settlement(entry: Entry, document: Document, replaced: Sequence[Line], sign: int) -> MoneyDocument | None:
    """The payment out of clearing that settles the invoice; for a credit note the other way round."""
    open_amount = _total(replaced)
    if open_amount * sign >= 0:
        return None
    first = replaced[0]
    base = _base(replaced)
    other = Line(SETTLEMENT, CUSTOMER, Money(open_amount, entry.currency), None, first.dimensions, base)
    mirrored = other.mirrored()
    money = Line(SETTLEMENT, CLEARING, mirrored.amount, None, first.dimensions, mirrored.base)
    return MoneyDocument(
        "settlement",
        MoneyKind.SETTLEMENT,
        entry.entry_id,
        entry.accounting_date,
        entry.currency,
        document.customer,
        money,
        (other,),
        entry.entry_id,
        min(abs(open_amount), document.total),
        entry.fx_rate,
        entry.base_currency,
    )


def _document(
    entry: Entry, kind: DocumentKind, target: Target, facts: InvoiceFacts | None, invoice: Invoice, sign: int
) -> Document:
    account = invoice.account
    dims = account[0].dimensions if account else {}
    deal = entry.entry_id if facts is None else facts.deal_number
    customer = dims.get("party", "")
    if not customer:
        raise PostingError(
            deal, "its invoice comes to nothing, and names no customer", fix="Post it to the ledger as a journal."
        )
    on_top = any(tax.on_top for tax in invoice.taxes)
    document = Document(
        name=_NAMES[kind],
        kind=kind,
        entry_id=entry.entry_id,
        date=entry.accounting_date,
        currency=entry.currency,
        customer=customer,
        customer_name=customer if facts is None else facts.customer_name,
        dimensions=dims,
        amounts="exclusive" if on_top else target.amounts,
        lines=tuple(invoice.lines),
        taxes=tuple(invoice.taxes),
        account=tuple(account),
        reverses=entry.reverses,
        fx_rate=entry.fx_rate,
        base_currency=entry.base_currency,
        exchange=tuple(invoice.exchange),
        paid=facts.paid if facts is not None and kind is DocumentKind.SALES_RECEIPT else (),
    )
    charged = _total(account) * sign
    _check(deal, document, charged)
    if charged < 0 and not target.negative_total:
        raise PostingError(
            deal,
            f"its invoice comes to {charged} {entry.currency}, and the ledger takes no document below nil",
            fix="Post it to the ledger as a journal.",
        )
    return document


def _check(deal: str, document: Document, charged: Decimal) -> None:
    """The lines with the taxes on top, and the lines without tax with all taxes, are what the customer is charged."""
    net = inside = on_top = shown = ZERO
    for line in document.lines:
        net += line.net
        inside += line.tax
    for tax in document.taxes:
        if tax.on_top:
            on_top += tax.amount
        else:
            shown += tax.amount
    if inside != shown or net + shown + on_top != charged:
        raise BrokenInvariant(
            f"Deal {deal}: the lines of the document come to {net} without tax, with {inside} of tax in them; its "
            f"taxes are {shown} in the lines and {on_top} on top, and {charged} is on the customer's account in "
            f"{document.entry_id}.",
            fix="This is a fault of Dealbooks. Nothing was posted; report it with the deal.",
        )


def _checked(
    document: Document, entry: Entry, target: Target, facts: InvoiceFacts | None, sign: int
) -> tuple[Document, list[Line]]:
    """The document as the ledger will total it. Where the rules allow it, a difference of the total is carried: the
    document has a line of rounding, so that the customer is charged what was agreed, and the journal takes the
    difference out of the tax again."""
    deal = entry.entry_id if facts is None else facts.deal_number
    wrong = differences(document, target, deal)
    if not wrong:
        return document, []
    moves_total = document.amounts == "exclusive" and all(
        any(tax.tax_code == one.code for tax in document.taxes) for one in wrong
    )
    if not moves_total or sum([abs(one.difference) for one in wrong], ZERO) > target.carry_up_to:
        raise wrong[0]
    lines = list(document.lines)
    taxes = {tax.tax_code: tax for tax in document.taxes}
    here = {name: document.dimensions[name] for name in ("location", "department")}
    corrections: list[Line] = []
    for one in wrong:
        tax = taxes[one.code]
        taxes[one.code] = tax._replace(amount=one.theirs)
        text = f"Rounding of tax {one.code}"
        lines.append(DocumentLine(INVOICE, ROUNDING, -one.difference, ZERO, None, target.no_tax, ZERO, here, text))
        amount = Money(one.difference * sign, document.currency)
        corrections.append(Line(INVOICE, tax.role, amount, one.code, tax.dimensions or here))
        corrections.append(Line(INVOICE, ROUNDING, -amount, None, here))
    return replace(document, lines=tuple(lines), taxes=tuple(taxes.values())), corrections
