"""From a posting to the write calls that carry it into Odoo. Pure, given the directory.

    customer            the contact, found by our party id or made once
    stock-<number>      an analytic account of a stock number, where a plan holds them
    invoice-draft       account.move.create: no effect on the books
    invoice-post        action_post of that draft
    journal-draft, journal-post, payment-draft, payment-post, credit-note-draft, ...     the same
    match               what the deal has on the customer's account is matched

Money is carried as entries, not by the payment wizard: a draft under our key and its post are exactly-once by nature
(two drafts do no harm, and only one is posted), the wizard's second call is not; and the entry stands on the accounts
of the chart, where the wizard uses the journal's outstanding account, or from 18 on may make no entry at all [R].
Every amount is text with the currency's decimals; it becomes a number of the protocol when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from blocks.ledgers.odoo.directory import Directory
from blocks.ledgers.odoo.figures import dimensions_text, lines_text, taxes_text
from blocks.odoo.values import plain
from dealbooks.documents import (
    Document,
    DocumentKind,
    DocumentLine,
    Journal,
    MoneyDocument,
    NoTaxCode,
    Target,
    TaxCode,
    documents_of,
    lines_of,
)
from dealbooks.documents.target import Mode
from dealbooks.documents.values import CUSTOMER
from dealbooks.documents.words import of_role
from dealbooks.entries import Line
from dealbooks.errors import ConfigError
from dealbooks.ledger import EffectSpec, Party, Posting, PostingKey
from dealbooks.money import amount_text
from dealbooks.outbox.enqueue import effect_key

KEY_LENGTH = 40
NO_TAX = "none"
_ZERO = Decimal(0)
_PLACED = ("location", "department", "stock_no")
_ON_ACCOUNT = (CUSTOMER, "payable.customer_deposits", "payable.customer_refund")


def target_of(directory: Directory, *, foreign: bool) -> Target:
    """What Odoo wants of our documents. A deal in a foreign currency is carried by journals: Odoo would convert an
    invoice line by line and put the rest on the customer, where ours stands on an account of its own."""
    settings = directory.settings
    mode = Mode(settings.mode)
    if foreign or mode is Mode.JOURNAL_ONLY:
        return Target(mode=Mode.JOURNAL_ONLY)
    codes = {
        code: TaxCode(NO_TAX if tax is None else str(tax.id), _ZERO if tax is None else tax.rate)
        for code, tax in directory.taxes.items()
    }
    return Target(
        mode=mode,
        amounts="inclusive" if directory.prices_with_tax else "exclusive",
        tax="computed",  # from price_unit and the line's taxes, always [C]
        rounding="line" if directory.company.rounds_lines else "document",
        taxes_on_top="lines",
        tax_codes=codes,
        no_tax=NO_TAX,
        carry_up_to=settings.carry_up_to,
    )


def effects_of(posting: Posting, directory: Directory) -> tuple[EffectSpec, ...]:
    """The write calls of a posting, in order.

    Raises:
        ConfigError: the chart, the settings or Odoo lack an account, a journal or a tax; the message names it.
        PostingError: an invoice would come to less than nothing, or Odoo's tax would differ from ours.
    """
    entry = posting.entry
    foreign = entry.currency != directory.book.currency
    try:
        found = documents_of(entry, target_of(directory, foreign=foreign), posting.invoice)
    except NoTaxCode as error:
        raise directory.no_such_tax(error.code) from error
    return _Translation(posting, directory, foreign=foreign).specs(found.documents)


@dataclass(slots=True)
class _Translation:
    """One posting on its way. `before` are the effects that its drafts wait for: contacts and analytic accounts."""

    posting: Posting
    directory: Directory
    foreign: bool
    before: dict[str, EffectSpec] = field(default_factory=dict)
    parties: dict[str, str] = field(default_factory=dict)

    def specs(self, documents: Sequence[Document | Journal | MoneyDocument]) -> tuple[EffectSpec, ...]:
        after: list[EffectSpec] = []
        on_account: list[str] = []
        for one in documents:
            values = self._sale(one) if isinstance(one, Document) else self._entry(one)
            after += self._pair(one.name, values, one)
            if any(line.role == CUSTOMER for lines in lines_of(one).values() for line in lines):
                on_account.append(f"{one.name}-post")
        if on_account and not self.foreign:
            after.append(self._match(on_account))
        return tuple(replace(spec, payload=plain(spec.payload)) for spec in (*self.before.values(), *after))

    # -- the calls -------------------------------------------------------------------------------------

    def _pair(
        self, name: str, values: dict[str, Any], document: Document | Journal | MoneyDocument
    ) -> list[EffectSpec]:
        draft, waits = f"{name}-draft", tuple(self.before)
        key_field = self.directory.settings.marker_field
        if not self.directory.has("account.move", key_field):
            key_field = "ref"
        needs: tuple[tuple[PostingKey, str], ...] = ()
        payload: dict[str, Any] = {
            "do": "draft",
            "key_field": key_field,
            "values": values,
            "figures": self._figures(document, values),
        }
        if isinstance(document, Document):
            payload["customer"] = values["partner_id"].removeprefix("@")
        if isinstance(document, Document) and self.posting.reverses is not None:
            needs = ((self.posting.reverses, "invoice-post"),)
            payload["reverses"] = f"{self.posting.reverses.purpose}/invoice-post"
        post = {
            "do": "post",
            "draft": draft,
            "key_field": key_field,
            "key": effect_key(self.posting.key, draft, KEY_LENGTH),
            "move_type": values["move_type"],
            "figures": payload["figures"] | {"status": "posted"},
        }
        if "customer" in payload:
            post["customer"] = payload["customer"]
        customer = (payload["customer"],) if "customer" in payload else ()
        return [EffectSpec(draft, payload, waits, needs), EffectSpec(f"{name}-post", post, (draft, *customer))]

    def _match(self, posts: Sequence[str]) -> EffectSpec:
        """What the deal has on the customer's account is matched with each other: the invoice with what settles and
        pays it, a credit note with the invoice that it takes back or with what is paid back."""
        account, _ = self.directory.account(CUSTOMER, self._where())
        payload = {"do": "match", "account": account, "deal": self._deal(), "moves": list(posts)}
        reverses = self.posting.reverses
        if reverses is None or "credit-note-post" not in posts:
            return EffectSpec("match", payload, tuple(posts))
        payload["pair"] = ["credit-note-post", f"{reverses.purpose}/invoice-post"]
        return EffectSpec("match", payload, tuple(posts), ((reverses, "invoice-post"),))

    # -- invoices and credit notes -----------------------------------------------------------------------

    def _sale(self, document: Document) -> dict[str, Any]:
        credit = document.kind is DocumentKind.CREDIT_NOTE
        day = document.date.isoformat()
        customer = self._party(document.customer, document.customer_name)
        return self._head(document.date.isoformat(), self.directory.settings.journals.sales) | {
            "move_type": "out_refund" if credit else "out_invoice",
            "partner_id": f"@{customer}",
            "invoice_date": day,
            "invoice_date_due": day,
            "invoice_payment_term_id": False,
            "fiscal_position_id": False,
            "invoice_line_ids": [[0, 0, self._sale_line(line)] for line in document.lines],
        }

    def _sale_line(self, line: DocumentLine) -> dict[str, Any]:
        account, _ = self.directory.account(line.role, f"“{line.description}” of {self._where()}")
        taxed = bool(line.rate) and self.directory.prices_with_tax
        values: dict[str, Any] = {
            "name": self._with_dimensions(line.description, line.dimensions),
            "quantity": 1,
            "price_unit": self._text(line.gross if taxed else line.net),
            "account_id": account,
            # Always said: a line without taxes would be given those of its account [C sandbox recording].
            "tax_ids": [[6, 0, _taxes_of(line)]],
        }
        return values | self._analytic(line.dimensions)

    # -- entries -----------------------------------------------------------------------------------------

    def _entry(self, one: Journal | MoneyDocument) -> dict[str, Any]:
        settings = self.directory.settings.journals
        code = (settings.money or settings.general) if isinstance(one, MoneyDocument) else settings.general
        (lines,) = lines_of(one).values()
        commands = [[0, 0, self._entry_line(line)] for line in lines]
        return self._head(one.date.isoformat(), code) | {"move_type": "entry", "line_ids": commands}

    def _entry_line(self, line: Line) -> dict[str, Any]:
        where = f"a line of part {line.part} of {self._where()}"
        account, _ = self.directory.account(line.role, where)
        amount = self._balance(line)
        values: dict[str, Any] = {
            "name": self._text_of(line),
            "account_id": account,
            "debit": self._text(max(amount, _ZERO)),
            "credit": self._text(max(-amount, _ZERO)),
        }
        if self.foreign and line.amount.currency != self.directory.book.currency:
            values["currency_id"] = self.directory.currency(line.amount.currency)
            values["amount_currency"] = amount_text(line.amount.amount, line.amount.currency)
        party = line.dimensions.get("party", "")
        if line.role in _ON_ACCOUNT and party in self.posting.parties:
            values["partner_id"] = f"@{self._party(party, party)}"
        return values | self._analytic(line.dimensions)

    def _text_of(self, line: Line) -> str:
        """What the line is, with the dimensions that Odoo may have no field for."""
        text = of_role(line.part, line.role, line.dimensions, line.tax_code)
        chart = self.directory.book.chart
        if (text == line.role or line.role == CUSTOMER) and chart is not None:
            text = chart.roles[line.role].name
        code = f"tax code {line.tax_code}" if line.tax_code else ""
        told = self._with_dimensions(text, line.dimensions)
        return f"{told}; {code}" if code else told

    @staticmethod
    def _with_dimensions(text: str, dimensions: Mapping[str, str]) -> str:
        """A text with the dimensions, each with its word; one that the text tells so itself is not told twice."""
        said = {part.strip() for part in re.split("[,;]", text)}
        told = [f"{name.removesuffix('_no')} {value}" for name, value in sorted(dimensions.items()) if value]
        return "; ".join(part for part in (text, ", ".join(one for one in told if one not in said)) if part)

    # -- what all have -----------------------------------------------------------------------------------

    def _head(self, day: str, journal: str) -> dict[str, Any]:
        posting, directory = self.posting, self.directory
        values: dict[str, Any] = {
            "company_id": directory.company.id,
            "journal_id": directory.journal(journal),
            "currency_id": directory.company.currency_id,
            "date": day,
            "invoice_origin": self._deal(),
            "ref": " ".join(part for part in (posting.deal_number, posting.entry.entry_id) if part),
            "narration": self._narration(),
        }
        if posting.vin and directory.has("account.move", directory.settings.vin_field):
            values[directory.settings.vin_field] = posting.vin
        return values

    def _deal(self) -> str:
        """What tells the deal's entries: several stores may have its number, none has our id of it."""
        return ", ".join(part for part in (self.posting.deal_number, self.posting.key.deal) if part)

    def _narration(self) -> str:
        posting = self.posting
        told = (
            ("Deal", posting.deal_number), ("VIN", posting.vin), ("Stock", posting.stock_no),
            ("Customer", posting.customer_name), ("Note", posting.entry.note),
        )  # fmt: skip
        text = ", ".join(f"{label} {value}" for label, value in told if value)
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")  # the field is HTML [C]

    def _party(self, party: str, name: str) -> str:
        """The effect that finds or makes a contact."""
        if party not in self.parties:
            effect = "customer" if not self.parties else f"customer-{len(self.parties) + 1}"
            known = self.posting.parties.get(party) or Party(party, name)
            self.parties[party] = effect
            self.before[effect] = EffectSpec(effect, self._contact(known), subject=f"party:{party}")
        return self.parties[party]

    def _contact(self, party: Party) -> dict[str, Any]:
        account, _ = self.directory.account(CUSTOMER, self._where())
        values: dict[str, Any] = {
            "name": plain(party.name).strip() or party.id,
            "is_company": party.business,
            self.directory.settings.partner_field: party.id,
            "street": party.street,
            "city": party.city,
            "zip": party.postcode,
            "vat": party.vat_number,
            "property_account_receivable_id": account,
        }
        if party.region and party.region not in party.city:
            values["street2"] = party.region
        if party.country in self.directory.countries:
            values["country_id"] = self.directory.countries[party.country]
        return {
            "do": "customer",
            "field": self.directory.settings.partner_field,
            "party": party.id,
            "company": self.directory.company.id,
            "values": {name: value for name, value in values.items() if value != ""},
        }

    def _analytic(self, dimensions: Mapping[str, str]) -> dict[str, Any]:
        """Where plans are named: the analytic accounts of a line. The location and the department must be there; a
        stock number's account is made once."""
        if not self.directory.settings.analytic or not self.directory.has("account.move.line", "analytic_distribution"):
            return {}
        chosen: list[str] = []
        for name in _PLACED:
            plan = self.directory.settings.analytic.get(name)  # type: ignore[call-overload]
            value = plain(dimensions.get(name, ""))
            if plan is None or not value:
                continue
            number = self.directory.analytic(name, value)
            if number is not None:
                chosen.append(str(number))
            elif name == "stock_no":
                chosen.append(f"@{self._stock(value, plan)}")
            else:
                raise ConfigError(
                    f"The plan {plan} of Odoo has no analytic account for the {name} {value} of the book "
                    f"{self.directory.book.name}.",
                    fix=f"Make one with {value} as its code or name.",
                )
        return {"analytic_distribution": chosen} if chosen else {}

    def _stock(self, stock_no: str, plan: str) -> str:
        effect = f"stock-{stock_no}"
        if effect not in self.before:
            values = {
                "name": stock_no,
                "code": stock_no,
                "plan_id": self.directory.plan(plan),
                "company_id": self.directory.company.id,
            }
            self.before[effect] = EffectSpec(effect, {"do": "analytic", "values": values}, subject=f"stock:{stock_no}")
        return effect

    # -- figures -----------------------------------------------------------------------------------------

    def _figures(self, document: Document | Journal | MoneyDocument, values: Mapping[str, Any]) -> dict[str, str]:
        """What a reading of the entry must show, whatever made it."""
        sums: dict[str, Decimal] = {}
        for lines in lines_of(document).values():
            for line in lines:
                _, code = self.directory.account(line.role, self._where())
                sums[code] = sums.get(code, _ZERO) + self._balance(line)
        found = {
            "type": str(values["move_type"]),
            "date": document.date.isoformat(),
            "journal": str(values["journal_id"]),
            "lines": lines_text(sums, self.directory.book.currency),
        }
        field = "invoice_line_ids" if isinstance(document, Document) else "line_ids"
        spread = [line[2].get("analytic_distribution", ()) for line in values[field]]
        if self.directory.settings.analytic and not any(one.startswith("@") for some in spread for one in some):
            found["dimensions"] = dimensions_text(",".join(some) for some in spread)
        if isinstance(document, Document):
            found |= {
                "total": self._text(document.total),
                "tax": self._text(document.tax_total),
                "invoice date": document.date.isoformat(),
                "taxes": taxes_text(
                    (self.directory.account(line.role, self._where())[1], _taxes_of(line)) for line in document.lines
                ),
            }
        return found

    def _balance(self, line: Line) -> Decimal:
        if not self.foreign:
            return line.amount.amount
        if line.base is not None:
            return line.base.amount
        return line.amount.amount if line.amount.currency == self.directory.book.currency else _ZERO

    def _text(self, amount: Decimal) -> str:
        return amount_text(amount, self.directory.book.currency)

    def _where(self) -> str:
        return f"{self.posting.entry.entry_id} of deal {self.posting.deal_number}"


def _taxes_of(line: DocumentLine) -> list[int]:
    """The ids of Odoo's taxes on a line."""
    return [] if line.code in ("", NO_TAX) else [int(line.code)]
