"""MT940 customer statements (SWIFT), read with the mt-940 library: one statement for each :20: in the file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

import mt940

from dealbooks.bank.model import BankLine, Statement, Unreadable, amount_of, checked, currency_of, shown

_LINE_LIMIT = 4_000
_OPTIONS = mt940.Options.all()
_NO_REFERENCE = frozenset({"NONREF", "NOTPROVIDED", ""})
_TEXTS = (
    "transaction_details", "purpose", "extra_details", "posting_text", "additional_purpose", "non_swift_text",
)  # fmt: skip
_REFERENCES = (
    "customer_reference", "bank_reference", "end_to_end_reference", "mandate_reference", "purchase_reference",
    "transaction_reference_number",
)  # fmt: skip


def read_mt940(data: bytes, account: str, file: str) -> list[Statement]:
    """The statements of a file. Pages of one statement (:60M:, :62M:) are put together.

    Raises:
        Unreadable: it is no such file, a balance is missing, or opening and lines do not give the closing balance.
    """
    text = _decoded(data)
    if any(len(line) > _LINE_LIMIT for line in text.splitlines()):
        raise Unreadable(f"{file} has a line that is longer than any of an MT940 statement.", fix="Export it again.")
    try:
        found = mt940.parse_statements(text, options=_OPTIONS)
    except (ArithmeticError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        logging.getLogger(__name__).debug("mt940 %s", file, exc_info=error)
        raise Unreadable(
            f"{file} is not a whole MT940 statement: one of its fields cannot be read.", fix="Export it again."
        ) from error
    if not found:
        raise Unreadable(f"{file} holds no MT940 statement: it has no field :20:.", fix="Name its --format.")
    pages = [_page(one, account, file) for one in found]
    return [checked(one) for one in _joined(pages, file)]


def _decoded(data: bytes) -> str:
    for name in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


class _Page:
    """One message: a statement, or a page of one."""

    def __init__(self, statement: Statement, *, begins: bool, ends: bool) -> None:
        self.statement, self.begins, self.ends = statement, begins, ends


def _page(found: Any, account: str, file: str) -> _Page:
    data = found.data
    number = str(data.get("account_identification") or "")
    name = "/".join(str(data[key]) for key in ("statement_number",) if data.get(key))
    where = f"{file}, statement {name or data.get('transaction_reference') or ''}".rstrip()
    opening = data.get("final_opening_balance") or data.get("intermediate_opening_balance")
    closing = data.get("final_closing_balance") or data.get("intermediate_closing_balance")
    if opening is None or closing is None:
        raise Unreadable(f"{where} lacks its opening or closing balance (:60F:, :62F:).", fix="Export it again.")
    currency = currency_of(str(closing.amount.currency), where)
    lines = tuple(_line(one.data, account, name, currency, where) for one in found if one.data.get("amount"))
    statement = Statement(
        account=account, statement=name or str(data.get("transaction_reference") or ""), format="mt940",
        currency=currency, first=_day(opening.date), last=_day(closing.date), lines=lines,
        opening=amount_of(str(opening.amount.amount), where), closing=amount_of(str(closing.amount.amount), where),
        number=number, stated=False,
    )  # fmt: skip
    if str(opening.amount.currency) != currency:
        raise Unreadable(f"{where} opens in another currency than it closes in.", fix="Export it again.")
    # The opening balance is dated by the statement before; its own days begin after that, unless a line says otherwise.
    return _Page(
        statement, begins="final_opening_balance" in data, ends="final_closing_balance" in data
    )  # fmt: skip


def _joined(pages: list[_Page], file: str) -> Iterator[Statement]:
    for _, group in groupby(_numbered(pages), key=lambda pair: pair[0]):
        own = [page for _, page in group]
        first, last = own[0].statement, own[-1].statement
        for before, after in pairwise(own):
            if before.statement.closing != after.statement.opening:
                raise Unreadable(
                    f"{file}, statement {first.statement}: a page closes with {before.statement.closing}, the next "
                    f"opens with {after.statement.opening}.",
                    fix="A page is missing: export it again.",
                )
        if not own[0].begins or not own[-1].ends:
            raise Unreadable(f"{file}, statement {first.statement}: a page of it is missing.", fix="Export it again.")
        lines = tuple(line for page in own for line in page.statement.lines)
        days = [line.booked for line in lines]
        yield Statement(
            account=first.account, statement=first.statement, format="mt940", currency=first.currency,
            first=min([last.last, *days]), last=last.last, lines=lines, opening=first.opening, closing=last.closing,
            number=first.number, stated=False,
        )  # fmt: skip


def _numbered(pages: list[_Page]) -> Iterator[tuple[int, _Page]]:
    """Each page with the number of the statement that it is a page of."""
    number = 0
    for index, page in enumerate(pages):
        if index and page.begins:
            number += 1
        yield number, page


def _line(data: Any, account: str, name: str, currency: str, where: str) -> BankLine:
    value = _day(data["date"])
    booked = data.get("guessed_entry_date") or data.get("entry_date")
    references = [str(data.get(key) or "").strip() for key in _REFERENCES]
    texts = [str(data.get(key) or "") for key in _TEXTS]
    bank = str(data.get("bank_reference") or "").strip()
    return BankLine(
        account=account, statement=name, booked=_day(booked) if booked is not None else value, value=value,
        amount=_amount(data["amount"], where), currency=currency, text=shown(" ".join(one for one in texts if one)),
        references=tuple(dict.fromkeys(shown(one) for one in references if one.upper() not in _NO_REFERENCE)),
        counterparty=shown(str(data.get("applicant_name") or "")),
        own_id="" if bank.upper() in _NO_REFERENCE else bank,
    )  # fmt: skip


def _amount(found: Any, where: str) -> Decimal:
    return amount_of(str(found.amount), where)


def _day(found: Any) -> Any:
    from datetime import date

    return date(found.year, found.month, found.day)
