"""The rules that a rulebook holds beside those of tax, one model a kind: effective-dated, each with its source."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import Literal, get_args

from pydantic import Field, model_validator

from dealbooks.deal.fields import DealType, FinanceType, LineKind, Name, PaymentMethod, SaleClass
from dealbooks.determine.dated import Code, Dated, Phrase, Rate, Strict
from dealbooks.money import Amount

ProductKind = Literal["vsc", "gap", "paint", "insurance", "other"]
CommissionRole = Literal["sales", "finance", "manager"]
ReceivableRole = Literal["receivable.contracts_in_transit", "receivable.finance_company"]


class LocationRule(Dated):
    """A store of the source is a location of the book, in a tax jurisdiction of its own."""

    location: Name
    store_codes: tuple[Code, ...]
    jurisdiction: Name = Field(description="Whose tax holds when the customer's address does not decide it.")

    def title(self) -> str:
        return self.location

    def answers_for(self) -> Iterable[Hashable]:
        return (("location", self.location), *(("store", code) for code in self.store_codes))


class Defaults(Dated):
    """What fills plain gaps of a record, for the whole book."""

    rounding_tolerance: Amount = Field(description="Largest difference between the signed total and the lines.")
    default_deal_type: DealType = "retail"
    deal_types: dict[Phrase, DealType] = Field(description="The source's words for the type of deal.")
    sale_classes: dict[Phrase, SaleClass] = Field(description="The source's words for the condition.")
    sale_class_of_deal_type: dict[DealType, SaleClass] = Field(default_factory=dict)
    departments: dict[SaleClass, Name]
    finance_types: dict[Phrase, FinanceType] = Field(description="The source's words for the kind of finance.")
    deposit_method: PaymentMethod = Field(description="How deposits come in when the source does not say.")
    trade_suffixes: tuple[str, ...] = Field(description="Added to the stock number for the first, second trade-in.")
    trade_prefixes: dict[str, str] = Field(
        default_factory=dict, description="Changed beginnings of the stock number: {N: U} makes U4102A of N4102."
    )
    address_decides: bool = Field(False, description="Tax follows the registration address (US), not the location.")

    @model_validator(mode="after")
    def _every_class(self) -> Defaults:
        missing = [one for one in get_args(SaleClass) if one not in self.departments]
        if missing:
            raise ValueError(f"departments has none for {', '.join(missing)}")
        return self

    def title(self) -> str:
        return "all"


class FeeRule(Dated):
    """A fee by its name: the longest of the names that occurs in the source's name wins, then the first listed."""

    key: Name
    names: tuple[Phrase, ...]
    sale_classes: tuple[SaleClass, ...] = Field((), description="Only for cars of these classes; empty: for all.")
    kind: LineKind
    provider: Name | None = None
    tax_code: Name | None = None
    taxable: bool | None = None
    tax_group: Name | None = None

    def title(self) -> str:
        return self.key

    def answers_for(self) -> Iterable[Hashable]:
        return [(name, sale_class) for name in self.names for sale_class in self.sale_classes or ("all",)]


class PassThroughRule(Dated):
    """Who is owed a fee that is passed through, when its name is not listed under fees."""

    provider: Name

    def title(self) -> str:
        return "all"


class ProductRule(Dated):
    """A product by its kind, and by its name where that matters (as for fees)."""

    key: Name
    products: tuple[ProductKind, ...]
    names: tuple[Phrase, ...] = Field((), description="Names to match; empty: every product of the kind.")
    line_kind: Literal["fi_product", "insurance", "accessory"]
    provider: Name | None = None
    tax_code: Name | None = None
    taxable: bool | None = None
    tax_group: Name | None = None
    commission_tax_code: Name | None = None

    @model_validator(mode="after")
    def _has_provider(self) -> ProductRule:
        if self.line_kind != "accessory" and self.provider is None:
            raise ValueError(f"product {self.key}: a product sold for somebody else needs its provider")
        return self

    def title(self) -> str:
        return self.key

    def answers_for(self) -> Iterable[Hashable]:
        return [(kind, name) for kind in self.products for name in self.names or ("",)]


class LenderRule(Dated):
    """A finance company by its name."""

    id: Name
    name: str
    names: tuple[Phrase, ...]
    types: tuple[FinanceType, ...] = Field(
        min_length=1, description="What it offers; exactly one: it need not be said."
    )
    receivable_role: ReceivableRole
    bill_to_for: tuple[FinanceType, ...] = Field((), description="Kinds in which it is the buyer, and is invoiced.")
    reserve_tax_code: Name | None = None

    def title(self) -> str:
        return self.id

    def answers_for(self) -> Iterable[Hashable]:
        return [("id", self.id), *(("name", name) for name in self.names)]


class LienholderRule(Dated):
    """Who is owed the settlement of a trade-in, by name."""

    id: Name
    names: tuple[Phrase, ...]

    def title(self) -> str:
        return self.id

    def answers_for(self) -> Iterable[Hashable]:
        return [("id", self.id), *(("name", name) for name in self.names)]


class FinanceRules(Strict):
    """Finance companies and lienholders; a lienholder not listed is looked for among the lenders."""

    lenders: tuple[LenderRule, ...] = ()
    lienholders: tuple[LienholderRule, ...] = ()


class RebateRule(Dated):
    """The manufacturer's programme that a rebate belongs to."""

    program: Name
    makes: tuple[Phrase, ...] = Field((), description="Makes of car; empty: every make not listed elsewhere.")
    assigned_to_dealer: bool = True

    def title(self) -> str:
        return self.program

    def answers_for(self) -> Iterable[Hashable]:
        return self.makes or ("",)


class CommissionSettings(Dated):
    """How commissions are told from a record."""

    house_account: Name
    unlisted_person: Literal["keep", "house"] = Field(
        description="An id not under persons is kept, or goes to the house."
    )
    stated_amount: Literal["pay_stated", "by_plan"] = Field(description="Whether an amount in the source wins.")
    fees_in_front: tuple[str, ...] = Field((), description="Departments whose front gross counts the dealer's fees.")
    chargeback_reserve_rate: Rate | None = None

    def title(self) -> str:
        return "all"


class PlanRule(Dated):
    """A commission plan for a role, in the departments named."""

    plan_id: Name
    role: CommissionRole
    departments: tuple[Name, ...] = Field((), description="Empty: every department not listed elsewhere.")
    sale_classes: tuple[SaleClass, ...] = Field((), description="Only for cars of these classes; empty: for all.")
    when: Literal["always", "financed", "person"] = Field(
        "always", description="Accrued always, with a finance contract, or only when the source names a person."
    )
    base: Literal["front", "back", "total", "flat"]
    rate: Rate | None = None
    pack: Amount = Decimal(0)
    minimum: Amount | None = None
    maximum: Amount | None = None
    flat: Amount | None = None

    @model_validator(mode="after")
    def _has_figure(self) -> PlanRule:
        if (self.flat if self.base == "flat" else self.rate) is None:
            raise ValueError(f"plan {self.plan_id} on {self.base} needs {'flat' if self.base == 'flat' else 'rate'}")
        return self

    def holds_for(self, sale_class: str) -> bool:
        """Whether the plan is for cars of a class."""
        return not self.sale_classes or sale_class in self.sale_classes

    def title(self) -> str:
        return self.plan_id

    def answers_for(self) -> Iterable[Hashable]:
        return [(self.role, department) for department in self.departments or ("",)]


class PersonRule(Dated):
    """A person by the ids that sources use."""

    person: Name
    source_ids: tuple[Code, ...]
    location: Name | None = Field(
        None, description="Where the person is employed, when it is not the selling location."
    )

    def title(self) -> str:
        return self.person

    def answers_for(self) -> Iterable[Hashable]:
        return self.source_ids


class CommissionRules(Strict):
    """Commission settings, plans and people."""

    settings: tuple[CommissionSettings, ...]
    plans: tuple[PlanRule, ...] = ()
    persons: tuple[PersonRule, ...] = ()
