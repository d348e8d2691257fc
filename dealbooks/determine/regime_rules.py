"""Rules that only some regimes have: luxury car tax, credits for second-hand cars, sales to other countries."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Literal

from pydantic import Field, model_validator

from dealbooks.deal.fields import LineKind, Name, SaleClass, SellerStatus, TaxAcquisition, TaxFraction
from dealbooks.determine.dated import Code, Dated, Phrase, Rate, Strict
from dealbooks.determine.tax_rules import Scheme
from dealbooks.money import Amount


class LuxuryCarTaxRule(Dated):
    """Above which value luxury car tax is due: one threshold for fuel-efficient cars, one for all others."""

    fuel: Literal["efficient", "other"]
    threshold: Amount
    rate: Rate
    rounding: Literal["half_up", "floor"] = "half_up"
    sale_classes: tuple[SaleClass, ...] = Field(description="Cars that have not borne the tax before.")
    max_l_100km: Amount | None = Field(None, description="Highest combined consumption of a fuel-efficient car.")
    powertrains: tuple[Phrase, ...] = Field((), description="Powertrains that burn no fuel.")

    @model_validator(mode="after")
    def _says_how_little(self) -> LuxuryCarTaxRule:
        if self.fuel == "efficient" and self.max_l_100km is None:
            raise ValueError("a threshold for fuel-efficient cars needs max_l_100km")
        return self

    def title(self) -> str:
        return self.fuel


class LuxuryCarTaxValueRule(Dated):
    """The kinds of line that are part of the value that luxury car tax is worked out on."""

    kinds: tuple[LineKind, ...]

    def title(self) -> str:
        return "all"


class LuxuryCarTaxFreeRule(Dated):
    """Sales free of luxury car tax: by a word of the source, the buyer, the kind of sale, or the age of the car."""

    key: Name
    names: tuple[Phrase, ...] = Field((), description="What the source may say instead of the tax.")
    customer_statuses: tuple[str, ...] = ()
    sale_classes: tuple[SaleClass, ...] = ()
    older_than_years: int | None = Field(None, description="Free when the car is certainly older than this.")

    def title(self) -> str:
        return self.key


class LuxuryCarTaxRules(Strict):
    """All that decides luxury car tax."""

    thresholds: tuple[LuxuryCarTaxRule, ...] = ()
    value: tuple[LuxuryCarTaxValueRule, ...] = ()
    free: tuple[LuxuryCarTaxFreeRule, ...] = ()


class SecondHandCreditRule(Dated):
    """A credit for tax hidden in the price of a second-hand car, taken when the car is sold."""

    acquisition: TaxAcquisition
    schemes: tuple[Scheme, ...] = Field(description="Only when the car is sold in one of these schemes.")
    fraction: TaxFraction
    above: Amount = Field(description="Only for cars bought for more than this.")
    tax_code: Name

    def title(self) -> str:
        return self.acquisition

    def answers_for(self) -> Iterable[Hashable]:
        return (self.acquisition,)


class TradeInTaxRule(Dated):
    """The input tax of a car taken in part-exchange, by the seller's tax status. Without a fraction the tax is on the
    seller's invoice and nowhere else: nothing is taken until it is stated."""

    seller_statuses: tuple[SellerStatus, ...]
    fraction: TaxFraction | None = None
    tax_code: Name | None = None

    @model_validator(mode="after")
    def _has_code(self) -> TradeInTaxRule:
        if self.fraction is not None and self.tax_code is None:
            raise ValueError("a fraction of input tax needs its tax_code")
        return self

    def title(self) -> str:
        return ", ".join(self.seller_statuses)

    def answers_for(self) -> Iterable[Hashable]:
        return self.seller_statuses


class DestinationRule(Dated):
    """How a car is sold that leaves for another country."""

    key: Name
    countries: tuple[Code, ...] = Field((), description="ISO 3166-1 countries; empty: every country not listed.")
    when: Literal["stated", "vat_number", "new_transport"] = Field(
        description="The source says so; a VAT number of another member state; or a new means of transport."
    )
    scheme: Scheme
    evidence: str = Field(description="What has to be kept as proof, in a controller's words.")
    max_km: int | None = Field(None, description="A means of transport is new up to this reading.")
    max_months: int | None = Field(None, description="... or up to this many months after it was first registered.")

    @model_validator(mode="after")
    def _says_what_is_new(self) -> DestinationRule:
        if self.when == "new_transport" and (self.max_km is None or self.max_months is None):
            raise ValueError("a rule for new means of transport needs max_km and max_months")
        return self

    def title(self) -> str:
        return self.key

    def answers_for(self) -> Iterable[Hashable]:
        return [(country, self.when) for country in self.countries or ("",)]
