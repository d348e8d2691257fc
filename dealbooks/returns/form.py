"""Return forms: which box each tax line feeds, read from a YAML file a form.

Every box and every tax code says from when (and until when) it holds and where that comes from. What is not confirmed
is marked [recalled] beside its source, for the accountant to check.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dealbooks.book import Regime
from dealbooks.deal.fields import TaxFraction
from dealbooks.errors import ConfigError, UsageError
from dealbooks.money import Amount, RoundingMode
from dealbooks.yamlfile import read_yaml

SHIPPED = Path(__file__).parent / "forms"

Treatment = Literal[
    "standard", "margin", "zero", "export", "intra_eu", "new_transport", "exempt", "outside", "commission", "input",
    "second_hand", "lct", "resale", "provincial", "quebec",
]  # fmt: skip
Take = Literal["credit", "debit", "value_of_tax", "price_of_tax", "margin_net", "second_hand_price", "commission_back"]


class Strict(BaseModel):
    """A key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)


class Dated(Strict):
    """Something that holds from a day, perhaps until one, with its source."""

    from_: date = Field(alias="from")
    to: date | None = None
    source: str = Field(min_length=3)

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.from_ <= day and (self.to is None or day <= self.to)


class Code(Dated):
    """How a form treats a tax code. `code` may end in `*`; the first that fits answers."""

    code: str
    treatment: Treatment
    rate: Amount | None = None


class Feed(Strict):
    """Lines of entries that go into a box.

    take   credit, debit       the line's amount, positive on that side
           value_of_tax        the value behind a tax: tax / rate
           price_of_tax        the price that contains a tax: tax / rate + tax
           margin_net          the margin of the car less the VAT in it, from its stock-book figures
           second_hand_price   what has been paid for the second-hand car that the credit is for
           commission_back     a commission of a lender or an insurer that was charged back; of a product nothing
    No treatments: any, also a code that the form does not know.
    """

    take: Take
    roles: tuple[str, ...]
    parts: tuple[str, ...] = ("*",)
    treatments: tuple[Treatment, ...] = ()
    unless: tuple[str, ...] = Field((), description="Not when the entry has one of these parts as well.")

    def fits(self, part: str, role: str, treatment: str) -> bool:
        """Whether a line goes into the box."""
        return (
            (not self.treatments or treatment in self.treatments)
            and any(fnmatchcase(role, one) for one in self.roles)
            and any(fnmatchcase(part, one) for one in self.parts)
        )


class Share(Strict):
    """A fraction of another box."""

    box: str
    fraction: TaxFraction


class BoxRule(Dated):
    """A box: fed by lines, or worked out from the boxes before it, as they stand rounded on the form."""

    box: str
    title: str
    feeds: tuple[Feed, ...] = ()
    add: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    share: Share | None = None
    unit: Amount | None = Field(None, description="The form's unit: 1 for whole pounds, 1000 for thousands of yen.")
    mode: RoundingMode = "half_up"

    @property
    def computed(self) -> bool:
        """Whether it comes from other boxes."""
        return bool(self.add or self.less or self.share)


class Form(Dated):
    """A return form."""

    form: str
    name: str
    regime: Regime
    country: str
    currency: str
    summary: Literal["boxes", "by_code"] = "boxes"
    codes: tuple[Code, ...] = ()
    boxes: tuple[BoxRule, ...] = ()
    payable: str | None = None
    tax_roles: tuple[str, ...] = ("tax.output", "tax.margin", "tax.lct", "tax.input")
    leave_out: tuple[Treatment, ...] = ("outside",)
    elsewhere: tuple[Treatment, ...] = Field((), description="Taxes that are declared on another return.")
    lines_without_code: Literal["refuse", "allow"] = "refuse"
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _boxes_are_known(self) -> Form:
        seen: set[str] = set()
        for rule in self.boxes:
            used = {*rule.add, *rule.less, *([rule.share.box] if rule.share else [])}
            if used - seen:
                raise ValueError(
                    f"box {rule.box} uses {', '.join(sorted(used - seen))}, which does not stand before it"
                )
            if rule.feeds and rule.computed:
                raise ValueError(f"box {rule.box} is fed by lines and worked out from boxes; make it one of them")
            seen.add(rule.box)
        if self.payable is not None and self.payable not in seen:
            raise ValueError(f"payable names box {self.payable}, which the form does not have")
        return self

    def code_on(self, code: str | None, day: date) -> Code | None:
        """How the form treats a tax code on a day; None when it does not know it."""
        if code is None:
            return None
        fitting = (one for one in self.codes if one.holds_on(day))
        return next((one for one in fitting if fnmatchcase(code, one.code)), None)

    def boxes_on(self, day: date) -> tuple[BoxRule, ...]:
        """The boxes of the form as it stands on a day."""
        return tuple(rule for rule in self.boxes if rule.holds_on(day))


def load_form(name_or_path: str | Path) -> Form:
    """Read a shipped form by its name (`uk-vat100`) or one of your own by its path.

    Raises:
        ConfigError: when it cannot be read, or something in it is wrong.
    """
    shipped = SHIPPED / f"{name_or_path}.yaml"
    path = shipped if isinstance(name_or_path, str) and shipped.is_file() else Path(name_or_path)
    if not path.is_file():
        raise ConfigError(
            f"There is no return form {name_or_path}.",
            fix=f"Choose one of {', '.join(shipped_forms())}, or give the path of your own.",
        )
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path} is not a return form.",
            fix=f"Name one of {', '.join(shipped_forms())}, or a file written as they are.",
        )
    try:
        return Form.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(str(at) for at in one['loc'])}: {one['msg']}" for one in error.errors()[:10])
        raise ConfigError(
            f"{path}: {faults}", fix="Compare it with a shipped form; every rule needs from and source."
        ) from error


@lru_cache(maxsize=1)
def shipped_forms() -> tuple[str, ...]:
    """Names of the forms that come with the program."""
    return tuple(sorted(one.stem for one in SHIPPED.glob("*.yaml")))


@lru_cache(maxsize=32)
def _shipped(name: str) -> Form:
    return load_form(name)


def choose_form(regime: Regime, currency: str, codes: Iterable[str]) -> Form:
    """The form of a book: by its regime and currency, and where several are left by the country of the tax codes used.

    Raises:
        UsageError: when none or several fit; it says how to name one.
    """
    fitting = [one for one in map(_shipped, shipped_forms()) if one.regime == regime and one.currency == currency]
    if len(fitting) > 1:
        countries = {code.split("-", 1)[0] for code in codes}
        named = [one for one in fitting if one.country in countries]
        fitting = named or fitting
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UsageError(
            f"There is no return for regime {regime} in {currency} among the shipped forms.",
            fix="Where there is no VAT there is no return; else give the path of a form of your own with --form.",
        )
    names = ", ".join(one.form for one in fitting)
    raise UsageError(
        f"Several returns fit: {names}; the tax codes of the period do not tell which.",
        fix="Name one with --form.",
    )
