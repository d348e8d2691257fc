"""The tax rules that a rulebook holds, one model a kind: effective-dated, each with its source."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dealbooks.deal.fields import DealType, LineKind, Name, SaleClass, SellerStatus, TaxAcquisition
from dealbooks.determine.dated import Code, Dated, Phrase, Rate, RateOrMargin, Strict
from dealbooks.money import Amount

Scheme = Literal["standard", "margin", "zero", "exempt", "none", "intra_community", "new_transport"]


class ComponentRule(Strict):
    """One tax added on top of the price: as the deal carries it, but for a rate that a band table gives."""

    code: Name
    rate: Rate | None = Field(None, description="A fraction of 1; left out when a band table gives it.")
    bands: Name | None = Field(None, description="The band table (tax.bands) that gives the rate by price.")
    role: Name = "payable.sales_tax"
    tax_groups: tuple[Name, ...] | None = None
    base: Literal["cap_reduction"] | None = Field(None, description="Leases: the capitalised cost reduction.")
    base_cap: Amount | None = None
    trade_in_credit: Literal["full", "none", "capped"] = "none"
    trade_in_credit_cap: Amount | None = None
    rebate_taxable: bool = True

    @model_validator(mode="after")
    def _one_rate(self) -> ComponentRule:
        if (self.rate is None) == (self.bands is None):
            raise ValueError(f"tax {self.code} needs either a rate or the name of its band table (bands)")
        if (self.trade_in_credit == "capped") != (self.trade_in_credit_cap is not None):
            raise ValueError(f"tax {self.code}: trade_in_credit: capped and trade_in_credit_cap go together")
        return self

    def plain(self) -> dict[str, Any]:
        """As the deal carries it: what the file states, without the name of a band table."""
        return self.model_dump(exclude_unset=True, exclude={"bands"})


class JurisdictionRule(Dated):
    """The tax of one jurisdiction, as the deal carries it."""

    key: Name
    regions: tuple[Code, ...] = Field((), description="ISO 3166-2 regions, or a country, of the registration address.")
    postcodes: tuple[Code, ...] = Field((), description="Beginnings of postcodes; empty: the whole region.")
    deal_types: tuple[DealType, ...] | None = Field(None, description="For which deals; empty: for all.")
    regime: Literal["additive", "inclusive", "none"]
    rounding: Literal["line", "document"] = "document"
    mode: Literal["half_up", "floor"] = "half_up"
    components: tuple[ComponentRule, ...] = ()
    rates: dict[str, RateOrMargin] = Field(default_factory=dict)
    margin_rate: Rate | None = None
    deposit_tax_point: tuple[Scheme, ...] = Field((), description="Schemes in which a deposit makes a tax point.")
    schemes: tuple[Scheme, ...] = Field(
        (), description="Where how a car was acquired decides nothing: the schemes of every car, the usual one first."
    )

    @model_validator(mode="after")
    def _each_tax_once(self) -> JurisdictionRule:
        codes = [part.code for part in self.components]
        doubled = sorted({code for code in codes if codes.count(code) > 1})
        if doubled:
            raise ValueError(f"jurisdiction {self.key} charges {doubled[0]} twice; give each tax a code of its own")
        return self

    def title(self) -> str:
        return self.key

    def answers_for(self) -> Iterable[Hashable]:
        areas: list[Hashable] = [(region, code) for region in self.regions for code in self.postcodes or ("",)]
        return [(one, kind) for one in (self.key, *areas) for kind in self.deal_types or ("all",)]

    def is_for(self, place: str, postcode: str, deal_type: str) -> bool:
        """Whether the rule is for a place, by its own key or by the region of an address, whatever the day."""
        code = place.strip().upper()
        if self.deal_types is not None and deal_type not in self.deal_types:
            return False
        if place == self.key:
            return True
        starts = self.postcodes or ("",)
        here = any(code in (region, region.rpartition("-")[2]) for region in self.regions)
        return here and any(postcode.strip().upper().startswith(start) for start in starts)


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
    deal_types: tuple[DealType, ...] = Field((), description="Only for these deals, such as leases; empty: for all.")
    tax_code: Name | None = None
    taxable: bool | None = None
    tax_group: Name | None = None

    def title(self) -> str:
        only = [part for part in (self.scheme, *self.regions, *self.deal_types) if part]
        return ", ".join(self.kinds) + (f" ({', '.join(only)})" if only else "")

    def answers_for(self) -> Iterable[Hashable]:
        return [
            (kind, self.scheme, region, deal_type)
            for kind in self.kinds
            for region in self.regions or ("",)
            for deal_type in self.deal_types or ("",)
        ]


class ExemptionRule(Dated):
    """Sales on which no additive tax is charged: resale with a certificate, exempt buyers."""

    key: Name
    customer_statuses: tuple[str, ...] = ()
    sale_classes: tuple[SaleClass, ...] = ()
    certificate: bool = Field(False, description="Only with the buyer's certificate on file (resale_certificate).")

    def title(self) -> str:
        return self.key


class TradeInSellerRule(Dated):
    """The tax status of whoever trades a car in, where the source leaves it out: told by who the buyer is."""

    status: SellerStatus
    customer_statuses: tuple[str, ...] = Field((), description="Buyers of these tax statuses.")
    customer_types: tuple[Literal["individual", "business"], ...] = Field(
        (), description="Buyers of these kinds whose tax status is not listed."
    )

    def title(self) -> str:
        return ", ".join((*self.customer_statuses, *self.customer_types))

    def answers_for(self) -> Iterable[Hashable]:
        return (*self.customer_statuses, *self.customer_types)


class TradeInCreditRule(Dated):
    """What a trade-in takes off the base of a tax; it stands in the place of what the component itself says."""

    components: tuple[Name, ...] = Field(min_length=1, description="Codes of the taxes.")
    sellers: tuple[SellerStatus, ...] = Field((), description="Only for these sellers of the trade-in; empty: all.")
    credit: Literal["full", "none", "capped"]
    cap: Amount | None = Field(None, description="The most that counts, with credit: capped.")
    vehicles: Annotated[int, Field(ge=1)] | None = Field(None, description="How many trade-ins may count; empty: all.")
    input_tax_code: Name | None = Field(
        None, description="The seller charges this tax on the allowance too: the code under which we deduct it."
    )

    @model_validator(mode="after")
    def _cap_when_capped(self) -> TradeInCreditRule:
        if (self.credit == "capped") != (self.cap is not None):
            raise ValueError(f"trade-in credit of {self.title()}: credit: capped and cap go together")
        return self

    def title(self) -> str:
        return ", ".join(self.components) + (f" ({', '.join(self.sellers)})" if self.sellers else "")

    def answers_for(self) -> Iterable[Hashable]:
        return [(code, seller) for code in self.components for seller in self.sellers or ("",)]


class Band(Strict):
    """From which price on a rate holds, for the whole price."""

    at_least: Amount
    rate: Rate


class BandTable(Dated):
    """A rate that depends on the price: British Columbia's provincial sales tax on passenger vehicles."""

    key: Name
    powertrains: tuple[Phrase, ...] = Field((), description="Only for cars driven so; empty: every other car.")
    sale_classes: tuple[SaleClass, ...] = Field((), description="Only for cars of these classes; empty: for all.")
    price: Literal["before_trade_in", "after_trade_in"] = Field(description="The price that chooses the band.")
    bands: tuple[Band, ...] = Field(min_length=1, description="Ascending; the first from 0.00.")

    @model_validator(mode="after")
    def _ascending(self) -> BandTable:
        starts = [band.at_least for band in self.bands]
        if starts[0] != 0 or any(one >= two for one, two in pairwise(starts)):
            raise ValueError(f"band table {self.key}: the bands begin at 0.00 and rise")
        return self

    def rate_at(self, price: Decimal) -> Decimal:
        """The rate of a price; below nil the lowest."""
        return next((band.rate for band in reversed(self.bands) if price >= band.at_least), self.bands[0].rate)

    def title(self) -> str:
        only = (*self.powertrains, *self.sale_classes)
        return self.key + (f" ({', '.join(only)})" if only else "")

    def answers_for(self) -> Iterable[Hashable]:
        return [
            (self.key, powertrain, sale_class)
            for powertrain in self.powertrains or ("",)
            for sale_class in self.sale_classes or ("",)
        ]


class TaxRules(Strict):
    """All that decides the tax of a deal."""

    jurisdictions: tuple[JurisdictionRule, ...]
    acquisitions: tuple[AcquisitionRule, ...] = ()
    schemes: tuple[SchemeRule, ...] = ()
    lines: tuple[LineTaxRule, ...]
    exemptions: tuple[ExemptionRule, ...] = ()
    trade_in_sellers: tuple[TradeInSellerRule, ...] = ()
    trade_in_credits: tuple[TradeInCreditRule, ...] = ()
    bands: tuple[BandTable, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> TaxRules:
        tables = {table.key for table in self.bands}
        components = [part for place in self.jurisdictions for part in place.components]
        codes = {part.code for part in components}
        for part in components:
            if part.bands is not None and part.bands not in tables:
                raise ValueError(f"tax {part.code} names the band table {part.bands}, which is not under tax.bands")
        for rule in self.trade_in_credits:
            for code in rule.components:
                if code not in codes:
                    raise ValueError(f"tax.trade_in_credits names the tax {code}, which no jurisdiction charges")
        return self
