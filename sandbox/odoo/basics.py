"""The models around the entries: companies, partners, accounts, taxes, external ids, users and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha1
from typing import Any

from sandbox.odoo import groups, loading
from sandbox.odoo.database import Record
from sandbox.odoo.errors import access_error, duplicate_key, user_error, validation_error
from sandbox.odoo.model import Model, Values, public
from sandbox.odoo.schema import Field

KEY_LIFE = timedelta(days=90)  # at most three months [confirmed]
_KEYS = 10  # keys that may be made by calls [confirmed]


class Generic(Model):
    """A model with the reads for groups and with `load`."""

    @public(ids=False)
    def load(self, fields: Sequence[str], data: Sequence[Sequence[str]]) -> dict[str, Any]:
        """Make or change records from rows with external ids."""
        return loading.load(self.env, self.name, fields, data)

    @public(ids=False)
    def name_search(
        self, name: str = "", domain: Sequence[Any] | None = None, operator: str = "ilike", limit: int = 100
    ) -> list[list[Any]]:
        """Records by the name under which they are shown."""
        found = self.search([["display_name", operator, name], *(domain or ())], limit=limit)
        return [[number, self.display(number)] for number in found]

    @public(ids=False)
    def read_group(
        self,
        domain: Sequence[Any],
        fields: Sequence[str],
        groupby: str | Sequence[str],
        offset: int = 0,
        limit: int | None = None,
        orderby: str | bool = False,  # noqa: FBT001 the server's own signature
        lazy: bool = True,  # noqa: FBT001 the server's own signature
    ) -> list[dict[str, Any]]:
        """Sums by group, in the form of the versions up to 18."""
        return groups.read_group(self, domain, fields, groupby, offset, limit, str(orderby or ""), lazy=lazy)

    @public(ids=False)
    def formatted_read_group(
        self,
        domain: Sequence[Any],
        groupby: Sequence[str] = (),
        aggregates: Sequence[str] = (),
        having: Sequence[Any] = (),
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[dict[str, Any]]:
        """Sums by group, in the form of 19."""
        if having:
            raise user_error("The sandbox does not know `having`.")
        return groups.formatted(self, domain, groupby, aggregates, offset, limit, order or "")

    def method(self, name: str) -> bool:
        """Whether this version has a method."""
        return name != "formatted_read_group" or self.env.traits.formatted_groups


class Company(Generic):
    """res.company."""

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """The settings' rounding."""
        values.setdefault("tax_calculation_rounding_method", self.env.settings.rounding)
        if self.env.traits.tax_override:
            values.setdefault("account_price_include", "tax_excluded")
        return values

    @public(ids=True)
    def write(self, ids: Sequence[int], vals: Values) -> bool:
        """A hard lock date never goes back."""
        for number in ids:
            held = self.env.record(self.name, number).get("hard_lock_date")
            if held and "hard_lock_date" in vals and (vals["hard_lock_date"] or "") < held:
                raise user_error("The Hard Lock Date cannot be removed or set to an earlier date.")
        return super().write(ids, vals)


class Partner(Generic):
    """res.partner: neither name nor ref is unique."""

    derived = frozenset({"complete_name"})

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """A contact has a name."""
        if not values.get("name"):
            raise user_error("Contacts require a name")
        return values

    def computed(self, record: Record, field: Field) -> Any:
        """The name, and that of its company before it."""
        if field.name == "complete_name":
            parent = record["parent_id"]
            return f"{self.env.record(self.name, parent)['name']}, {record['name']}" if parent else record["name"]
        return super().computed(record, field)


class Account(Generic):
    """account.account: the code is unique in a company."""

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """Receivables and payables can always be matched."""
        values["reconcile"] = bool(values.get("reconcile")) or values.get("account_type") in (
            "asset_receivable", "liability_payable",
        )  # fmt: skip
        if self.env.traits.account_companies:
            values["company_ids"] = values.get("company_ids") or (self.env.company,)
        else:
            values["company_id"] = values.get("company_id") or self.env.company
        mine = set(values.get("company_ids") or (values.get("company_id"),))
        for number in self.env.database.matching(self.name, "code", values.get("code")):
            other = self.env.record(self.name, number)
            if mine & set(other.get("company_ids") or (other.get("company_id"),)):
                raise user_error(f"The account code {values['code']} is taken: codes must be unique in a company.")
        return values

    def display(self, number: int) -> str:
        """The name, with or without the code."""
        record = self.env.record(self.name, number)
        return f"{record['code']} {record['name']}" if self.env.traits.account_code_shown else str(record["name"])


class Journal(Generic):
    """account.journal."""

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """Its company, and numbers of their own for refunds of invoices and for payments at a bank."""
        values["company_id"] = values.get("company_id") or self.env.company
        values.setdefault("refund_sequence", values.get("type") in ("sale", "purchase"))
        values.setdefault("payment_sequence", values.get("type") in ("bank", "cash", "credit"))
        return values


class Tax(Generic):
    """account.tax: inside the price or on top of it."""

    derived = frozenset({"price_include"})

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """What was not given."""
        values["company_id"] = values.get("company_id") or self.env.company
        values.setdefault("amount_type", "percent")
        values.setdefault("type_tax_use", "sale")
        values["sequence"] = values.get("sequence") or 1
        return values

    def computed(self, record: Record, field: Field) -> Any:
        """Since 18 the company decides where the tax does not."""
        if field.name == "price_include" and self.env.traits.tax_override:
            company = self.env.record("res.company", record["company_id"])
            return (record["price_include_override"] or company["account_price_include"]) == "tax_included"
        return super().computed(record, field)


class Rate(Generic):
    """res.currency.rate."""

    def display(self, number: int) -> str:
        """Its date."""
        return str(self.env.record(self.name, number)["name"])


class ExternalId(Generic):
    """ir.model.data: module and name together are unique, which makes a row a claim."""

    derived = frozenset({"complete_name", "reference"})

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """Refused if the name is taken."""
        for number in self.env.database.matching(self.name, "name", values.get("name")):
            if self.env.record(self.name, number)["module"] == values.get("module"):
                raise duplicate_key(
                    "ir_model_data_module_name_uniq_index", "module, name", f"{values['module']}, {values['name']}"
                )
        return values

    def computed(self, record: Record, field: Field) -> Any:
        """The two ways to write it."""
        if field.name == "complete_name":
            return f"{record['module']}.{record['name']}"
        return f"{record['model']},{record['res_id']}" if field.name == "reference" else super().computed(record, field)


class CustomField(Generic):
    """ir.model.fields: only the custom ones are listed here. A new one is there at once."""

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """Its name begins with x_."""
        model = self.env.record("ir.model", values.get("model_id"))["model"]
        name = str(values.get("name"))
        if not name.startswith("x_"):
            raise validation_error("Custom fields must have a name that starts with 'x_'!")
        if name in self.env.schema[model]:
            raise validation_error(f"The field {name} is already there on {model}.")
        values.setdefault("copied", True)
        self.env.schema[model][name] = Field(name, values["ttype"])
        return values | {"model": model, "state": "manual"}


class Users(Generic):
    """res.users."""

    @public(ids=False)
    def context_get(self) -> dict[str, Any]:
        """Who calls."""
        return {"lang": "en_US", "tz": "Etc/UTC", "uid": self.env.uid}


class ApiKeys(Generic):
    """res.users.apikeys: keys made and ended by calls."""

    @public(ids=False)
    def generate(self, key: str, scope: str | None, name: str, expiration_date: str) -> str:
        """A new key for the holder of one; the answer is the only time it is shown."""
        self._held(key)
        made = [record for _, record in self.env.database.all(self.name) if record["_by_call"]]
        if len(made) >= _KEYS:
            raise user_error(f"You cannot have more than {_KEYS} programmatic API keys.")
        latest = self.env.now + KEY_LIFE
        if expiration_date[:10] > latest.date().isoformat():
            raise user_error("The expiration date of an API key cannot be more than three months away.")
        fresh = key_text(f"{key}/{name}/{self.env.stamp}")
        number = self.create_one({"name": name, "user_id": self.env.uid, "expiration_date": expiration_date})
        self.change(number, {"_key": fresh, "_by_call": True}, quiet=True)
        return fresh

    @public(ids=False)
    def revoke(self, key: str) -> None:
        """End a key."""
        self.env.database.remove(self.name, self._held(key))

    def _held(self, key: str) -> int:
        for number in self.env.database.matching(self.name, "_key", key):
            return number
        raise access_error("The provided API key is invalid or does not belong to the current user.")


def key_text(seed: str) -> str:
    """A key: 160 bits as the server writes them, the same for the same words."""

    return sha1(seed.encode(), usedforsecurity=False).hexdigest()
