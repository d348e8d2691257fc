"""The rules that a rulebook holds, one model a kind: effective-dated, each with its source.

Amounts and rates are exact decimals written in quotes. Names to match are compared without case and punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    model_validator,
)

from dealbooks.deal.model import (
    DealType,
    FinanceType,
    LineKind,
    Name,
    PaymentMethod,
    SaleClass,
    TaxAcquisition,
    TaxComponent,
)
from dealbooks.money import Amount, MoneyError, exact

ProductKind = Literal["vsc", "gap", "paint", "insurance", "other"]
Scheme = Literal["standard", "margin", "zero", "exempt", "none"]
CommissionRole = Literal["sales", "finance", "manager"]
ReceivableRole = Literal["receivable.contracts_in_transit", "receivable.finance_company"]

_NOT_WORDS = re.compile(r"[\W_]+")


def words(text: str) -> str:
    """A name as it is compared: lower case, its words parted by one space, punctuation left out."""
    return _NOT_WORDS.sub(" ", text.casefold()).strip()


def occurs(phrase: str, said: str) -> bool:
    """Whether a phrase occurs in a name as whole words; both as `words` writes them."""
    return f" {phrase} " in f" {said} "


def _phrase(text: str) -> str:
    if not words(text):
        raise ValueError("a name to match needs at least one letter or digit")
    return words(text)


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _rate(value: object) -> str:
    if value == "margin":
        return "margin"
    try:
        exact(value)
    except MoneyError as error:
        raise ValueError(f"{error}; or the word margin") from error
    return str(value)


Phrase = Annotated[str, AfterValidator(_phrase)]
Code = Annotated[str, BeforeValidator(_upper), StringConstraints(min_length=1, max_length=64)]
RateOrMargin = Annotated[str, BeforeValidator(_rate)]
Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class Strict(BaseModel):
    """Base of every part of a rulebook: immutable, and a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Dated(Strict):
    """Base of every rule: in force from `from` to `to`, both days included; without `to` until further notice."""

    from_: date = Field(alias="from", description="First day on which the rule holds.")
    to: date | None = Field(None, description="Last day on which it holds; empty: until further notice.")
    source: Source = Field(description="Where the rule comes from: a law, a guide, or who decided it, and when.")

    _why: str = PrivateAttr("")

    @model_validator(mode="after")
    def _in_order(self) -> Dated:
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"to ({self.to}) is before from ({self.from_})")
        return self

    @cached_property
    def why(self) -> str:
        """The rule in words: 'rulebook uk: fees[admin], in force from 2026-01-01'."""
        return self._why

    def called(self, rulebook: str, section: str) -> None:
        """Told once, by the rulebook that holds the rule, where it stands."""
        until = f" to {self.to}" if self.to else ""
        self._why = f"rulebook {rulebook}: {section}[{self.title()}], in force from {self.from_}{until}"

    def title(self) -> str:
        """What tells this rule from the others of its section."""
        raise NotImplementedError

    def answers_for(self) -> Iterable[Hashable]:
        """What the rule answers for; no two rules of a section may hold one key on one day."""
        return (self.title(),)

    def covers(self, day: date) -> bool:
        """Whether the rule is in force on a day."""
        return self.from_ <= day and (self.to is None or day <= self.to)


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


class JurisdictionRule(Dated):
    """The tax of one jurisdiction, as the deal carries it."""

    key: Name
    regions: tuple[Code, ...] = Field((), description="ISO 3166-2 regions, or a country, of the registration address.")
    postcodes: tuple[Code, ...] = Field((), description="Beginnings of postcodes; empty: the whole region.")
    deal_types: tuple[DealType, ...] | None = Field(None, description="For which deals; empty: for all.")
    regime: Literal["additive", "inclusive", "none"]
    rounding: Literal["line", "document"] = "document"
    mode: Literal["half_up", "floor"] = "half_up"
    components: tuple[TaxComponent, ...] = ()
    rates: dict[str, RateOrMargin] = Field(default_factory=dict)
    margin_rate: Amount | None = None
    deposit_tax_point: tuple[Scheme, ...] = Field((), description="Schemes in which a deposit makes a tax point.")

    def title(self) -> str:
        return self.key

    def answers_for(self) -> Iterable[Hashable]:
        areas: list[Hashable] = [(region, code) for region in self.regions for code in self.postcodes or ("",)]
        return [(one, kind) for one in (self.key, *areas) for kind in self.deal_types or ("all",)]


class AcquisitionRule(Dated):
    """How cars of a class are acquired for tax where the class alone decides it (new cars: with VAT)."""

    sale_classes: tuple[SaleClass, ...]
    acquisition: TaxAcquisition

    def title(self) -> str:
        return ", ".join(self.sale_classes)

    def answers_for(self) -> Iterable[Hashable]:
        return self.sale_classes


class SchemeRule(Dated):
    """In which schemes a car acquired in this way may be sold, and in which it is when the source does not say."""

    acquisition: TaxAcquisition
    default: Scheme
    allowed: tuple[Scheme, ...]

    def title(self) -> str:
        return self.acquisition


class LineTaxRule(Dated):
    """The tax of a kind of line: a code (inclusive regimes), or taxable or not (additive regimes)."""

    kinds: tuple[LineKind, ...]
    scheme: Scheme | None = Field(None, description="Only when the car is sold in this scheme.")
    regions: tuple[Code, ...] = Field((), description="Only for these jurisdictions' regions; empty: everywhere.")
    tax_code: Name | None = None
    taxable: bool | None = None
    tax_group: Name | None = None

    def title(self) -> str:
        return ", ".join(self.kinds) + (f" ({self.scheme})" if self.scheme else "")

    def answers_for(self) -> Iterable[Hashable]:
        return [(kind, self.scheme, region) for kind in self.kinds for region in self.regions or ("",)]


class ExemptionRule(Dated):
    """Sales on which no additive tax is charged: resale with a certificate, exempt buyers."""

    key: Name
    customer_statuses: tuple[str, ...] = ()
    sale_classes: tuple[SaleClass, ...] = ()

    def title(self) -> str:
        return self.key


class TaxRules(Strict):
    """All that decides the tax of a deal."""

    jurisdictions: tuple[JurisdictionRule, ...]
    acquisitions: tuple[AcquisitionRule, ...] = ()
    schemes: tuple[SchemeRule, ...] = ()
    lines: tuple[LineTaxRule, ...]
    exemptions: tuple[ExemptionRule, ...] = ()


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
    chargeback_reserve_rate: Amount | None = None

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
    rate: Amount | None = None
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
