"""What is in a new database: currencies, a company with a chart of accounts in the British manner, journals, taxes.

The ids of the first company's records are those of the recorded server, so that its recording can be replayed as it is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.odoo.env import Env

_CURRENCIES = {
    "USD": (1, "$", 2), "AED": (129, "د.إ", 2), "AUD": (21, "$", 2), "BHD": (96, "BD", 3), "CAD": (3, "$", 2),
    "CHF": (4, "CHF", 2), "EUR": (125, "€", 2), "GBP": (142, "£", 2), "JPY": (25, "¥", 0), "KWD": (97, "د.ك", 3),
    "NZD": (34, "$", 2), "SAR": (152, "SR", 2),
}  # fmt: skip
_COUNTRIES = {"GB": (231, "United Kingdom"), "US": (233, "United States"), "DE": (57, "Germany"), "CA": (38, "Canada"),
              "AU": (13, "Australia"), "NZ": (170, "New Zealand"), "JP": (113, "Japan")}  # fmt: skip
_ACCOUNTS = """
71 100100 asset_current Stock
72 100300 asset_current Work in progress
73 100400 asset_current Finished goods
74 110000 asset_receivable Debtors Control Account
75 110100 asset_receivable Sundry Debtors
76 110200 asset_current Other Debtors
77 110300 asset_current Prepayments
78 110400 asset_receivable Debtors Control Account (PoS)
178 120000 asset_cash Bank
179 120001 asset_cash Cash
170 120010 asset_current Bank Suspense Account
176 120020 asset_current Outstanding Receipts
177 120030 asset_current Outstanding Payments
175 120040 asset_current Liquidity Transfer
79 130000 asset_current Deposits
82 210000 liability_payable Creditors Control Account
83 210100 liability_current Sundry Creditors
85 220000 liability_current Sales Tax Control Account
86 220100 asset_current Purchase Tax Control Account
95 300000 equity Capital
100 400000 income Sales category 1
101 410000 income Sales category 2
106 500000 expense_direct_cost Cost of sales 1
107 500100 expense_direct_cost Cost of sales 2
108 500200 expense_direct_cost Cost of sales 3
109 500300 expense_direct_cost Cost of sales 4
120 700000 expense Overheads
130 770000 expense Discounts and rounding
"""
_JOURNALS = """
7 INV sale Sales
8 BILL purchase Purchases
9 MISC general Miscellaneous Operations
10 EXCH general Exchange Difference
12 BNK1 bank Bank
13 CSH1 cash Cash
"""
# id, name, percent, use, inside the price, account
_TAXES = (
    (5, "20%", 20, "sale", False, "220000"),
    (6, "20% incl.", 20, "sale", True, "220000"),
    (7, "5%", 5, "sale", False, "220000"),
    (8, "0%", 0, "sale", False, "220000"),
    (9, "20%", 20, "purchase", False, "220100"),
)


def fill(env: Env) -> None:
    """Everything of a new database."""
    for code, (number, symbol, places) in _CURRENCIES.items():
        record = {"name": code, "symbol": symbol, "decimal_places": places, "active": True}
        put(env, "res.currency", record | {"rounding": Decimal(1).scaleb(-places)}, number)
    for code, (number, name) in _COUNTRIES.items():
        put(env, "res.country", {"name": name, "code": code}, number)
    put(env, "account.analytic.plan", {"name": "Departments"}, 1)
    company(env, "My Company", env.settings.currency, first=True)
    put(env, "res.users", {"name": "Dealbooks", "login": env.settings.login, "company_id": 1, "company_ids": (1,)}, 2)
    put(env, "res.users", {"name": "A person", "login": "person", "company_id": 1, "company_ids": (1,)}, 3)
    for model in env.schema:
        number = put(env, "ir.model", {"model": model, "name": model})
        for name, field in env.schema[model].items():
            if name.startswith("x_"):
                custom = {"name": name, "model": model, "model_id": number, "ttype": field.type, "state": "manual"}
                put(env, "ir.model.fields", custom | {"field_description": name, "copied": True})
    env.database.start_at("res.partner", 6)
    env.database.start_at("ir.model.data", 38023)


def company(env: Env, name: str, currency: str, *, first: bool = False) -> int:
    """A company with its chart, journals and taxes; its id."""
    partner = put(env, "res.partner", {"name": name, "is_company": True, "active": True}, 1 if first else 0)
    values = {"name": name, "partner_id": partner, "currency_id": _CURRENCIES[currency][0], "active": True}
    number = put(env, "res.company", env["res.company"].prepared(values), 1 if first else 0)
    accounts = _accounts(env, number, first=first)
    taxes = _taxes(env, number, accounts, first=first)
    env.database.update("res.company", number, {"account_sale_tax_id": taxes[0]})
    for code in ("400000", "410000"):
        env.database.update("account.account", accounts[code], {"tax_ids": (taxes[0],)})
    _journals(env, number, accounts, first=first)
    return number


def put(env: Env, model: str, values: dict[str, Any], number: int = 0) -> int:
    """A record as it is, with every field filled; its id."""
    stamp = env.stamp
    record: dict[str, Any] = {}
    for name, field in env.schema[model].items():
        if field.type == "many2many":
            record[name] = ()
        elif field.type in ("float", "monetary"):
            record[name] = Decimal(0)
        elif field.type != "one2many":
            record[name] = 0 if field.type == "integer" else False
    times = {"create_date": stamp, "write_date": stamp, "create_uid": 1, "write_uid": 1}
    return env.database.insert(model, {**record, **times, **values}, number)


def _accounts(env: Env, number: int, *, first: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in _ACCOUNTS.split("\n"):
        if not line:
            continue
        wanted, code, kind, name = line.split(" ", 3)
        values: dict[str, Any] = {
            "code": code,
            "name": name,
            "account_type": kind,
            "reconcile": kind in ("asset_receivable", "liability_payable") or name.startswith("Outstanding"),
            env.traits.archived_accounts: env.traits.archived_accounts == "active",
        }
        values |= {"company_ids": (number,)} if env.traits.account_companies else {"company_id": number}
        found[code] = put(env, "account.account", values, int(wanted) if first else 0)
    return found


def _taxes(env: Env, number: int, accounts: dict[str, int], *, first: bool) -> list[int]:
    found: list[int] = []
    for wanted, name, percent, use, included, account in _TAXES:
        values: dict[str, Any] = {
            "name": name,
            "amount": Decimal(percent),
            "amount_type": "percent",
            "type_tax_use": use,
            "company_id": number,
            "active": True,
            "sequence": 1,
            "_account": accounts[account],
        }
        if env.traits.tax_override:
            values["price_include_override"] = "tax_included" if included else False
        else:
            values["price_include"] = included
        found.append(put(env, "account.tax", values, wanted if first else 0))
    return found


def _journals(env: Env, number: int, accounts: dict[str, int], *, first: bool) -> None:
    homes = {"sale": "400000", "purchase": "500000", "bank": "120000", "cash": "120001"}
    for line in _JOURNALS.split("\n"):
        if not line:
            continue
        wanted, code, kind, name = line.split(" ", 3)
        journal = put(
            env,
            "account.journal",
            {
                "code": code,
                "name": name,
                "type": kind,
                "company_id": number,
                "active": True,
                "sequence": int(wanted),
                "default_account_id": accounts[homes[kind]] if kind in homes else False,
                "refund_sequence": kind in ("sale", "purchase"),
                "payment_sequence": kind in ("bank", "cash"),
            },
            int(wanted) if first else 0,
        )
        if kind in ("bank", "cash"):
            account = accounts["120020"] if env.settings.outstanding_accounts else False
            values = {"name": "Manual Payment", "journal_id": journal, "payment_account_id": account}
            put(env, "account.payment.method.line", values)
