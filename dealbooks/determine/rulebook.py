"""Rulebooks: the effective-dated rules of a book, read from a YAML file.

Every rule says from when (and until when) it holds and where it comes from. Two rules for the same thing whose times
overlap are refused when the file is read, so that at most one answers on any day. Rates, caps, codes and names of
providers live in these files only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from dealbooks.book import Regime
from dealbooks.canonical import sha256_hex
from dealbooks.deal.fields import Name
from dealbooks.determine.dated import Dated, Strict
from dealbooks.determine.regime_rules import (
    DestinationRule,
    LuxuryCarTaxRules,
    SecondHandCreditRule,
    TradeInTaxRule,
)
from dealbooks.determine.rules import (
    CommissionRules,
    Defaults,
    FeeRule,
    FinanceRules,
    LocationRule,
    PassThroughRule,
    ProductRule,
    RebateRule,
)
from dealbooks.determine.tax_rules import TaxRules
from dealbooks.errors import ConfigError
from dealbooks.yamlfile import parse_yaml

if TYPE_CHECKING:
    from dealbooks.determine.inforce import InForce

SHIPPED = Path(__file__).parent.parent / "rulebooks"
_DAYS_KEPT = 4096


class Rulebook(Strict):
    """All rules of a book; read one with `load_rulebook`."""

    rulebook: Name
    regime: Regime = Field(description="The regime of the books that it is for, as in dealbooks.yaml.")
    locations: tuple[LocationRule, ...]
    defaults: tuple[Defaults, ...]
    tax: TaxRules
    fees: tuple[FeeRule, ...] = ()
    passthrough: tuple[PassThroughRule, ...] = ()
    products: tuple[ProductRule, ...] = ()
    finance: FinanceRules = FinanceRules()
    rebates: tuple[RebateRule, ...] = ()
    luxury_car_tax: LuxuryCarTaxRules = LuxuryCarTaxRules()
    second_hand: tuple[SecondHandCreditRule, ...] = ()
    trade_in_tax: tuple[TradeInTaxRule, ...] = ()
    destinations: tuple[DestinationRule, ...] = ()
    commissions: CommissionRules

    _content_hash: str = PrivateAttr("")
    _changes: tuple[date, ...] = PrivateAttr(())
    _in_force: dict[int | date, InForce] = PrivateAttr(default_factory=dict)  # by change, and by days asked for

    @model_validator(mode="after")
    def _one_rule_a_day(self) -> Rulebook:
        changes: set[date] = set()
        for section, rules in self.sections():
            held: dict[Hashable, list[Dated]] = {}
            for rule in rules:
                for key in rule.answers_for():
                    for other in held.setdefault(key, []):
                        if other.covers(rule.from_) or rule.covers(other.from_):
                            both = f"{_dated(other)} and {_dated(rule)}"
                            raise ValueError(f"{section}: {both} both hold for {_plain(key)}; end the earlier with to:")
                    held[key].append(rule)
                changes.add(rule.from_)
                if rule.to is not None and rule.to < date.max:
                    changes.add(rule.to + timedelta(days=1))
                rule.called(self.rulebook, section)
        self._changes = tuple(sorted(changes))
        return self

    def sections(self) -> Iterator[tuple[str, tuple[Dated, ...]]]:
        """Every section that holds rules, with its name as in the file."""
        yield "locations", self.locations
        yield "defaults", self.defaults
        yield "tax.jurisdictions", self.tax.jurisdictions
        yield "tax.acquisitions", self.tax.acquisitions
        yield "tax.schemes", self.tax.schemes
        yield "tax.lines", self.tax.lines
        yield "tax.exemptions", self.tax.exemptions
        yield "tax.trade_in_sellers", self.tax.trade_in_sellers
        yield "tax.trade_in_credits", self.tax.trade_in_credits
        yield "tax.bands", self.tax.bands
        yield "fees", self.fees
        yield "passthrough", self.passthrough
        yield "products", self.products
        yield "finance.lenders", self.finance.lenders
        yield "finance.lienholders", self.finance.lienholders
        yield "rebates", self.rebates
        yield "luxury_car_tax.thresholds", self.luxury_car_tax.thresholds
        yield "luxury_car_tax.value", self.luxury_car_tax.value
        yield "luxury_car_tax.free", self.luxury_car_tax.free
        yield "second_hand", self.second_hand
        yield "trade_in_tax", self.trade_in_tax
        yield "destinations", self.destinations
        yield "commissions.settings", self.commissions.settings
        yield "commissions.plans", self.commissions.plans
        yield "commissions.persons", self.commissions.persons

    @property
    def content_hash(self) -> str:
        """SHA-256 of the file's text, to pin a deal's version to the rules it was filled with."""
        return self._content_hash

    def on(self, day: date) -> InForce:
        """The rules in force on a day; days between two changes of any rule share one answer."""
        known = self._in_force
        held = known.get(day)
        if held is not None:
            return held
        index = bisect_right(self._changes, day)
        held = known.get(index)
        if held is None:
            from dealbooks.determine.inforce import InForce

            held = known[index] = InForce(self, day)
        if len(known) < _DAYS_KEPT:
            known[day] = held
        return held


def _dated(rule: Dated) -> str:
    return f"{rule.title()} (from {rule.from_})"


def _plain(key: Hashable) -> str:
    if isinstance(key, tuple):
        return ", ".join(_plain(part) for part in key if part not in ("", None, "all"))
    return str(key)


def parse_rulebook(text: str, where: str = "rulebook") -> Rulebook:
    """Read a rulebook from YAML text.

    Raises:
        ConfigError: naming the place (`where`), the line of a key that stands twice, each key that is wrong, or the
            two rules that overlap.
    """
    data = parse_yaml(text, where)
    if not isinstance(data, dict):
        raise ConfigError(f"{where} holds no rulebook", fix="Start it with rulebook: NAME; see the shipped rulebooks.")
    try:
        book = Rulebook.model_validate(data)
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}".lstrip(": ") for one in error.errors()]
        raise ConfigError(
            f"{where} is wrong in {len(faults)} place(s): " + "; ".join(faults[:10]),
            fix="Mend the keys named. Rates and amounts are written in quotes; every rule has from: and source:.",
        ) from error
    book._content_hash = sha256_hex(text)
    return book


def load_rulebook(name_or_path: str | Path) -> Rulebook:
    """Read a shipped rulebook by its name (`uk`, `us-fl`, `ca-on`, ...) or one of your own by its path.

    A file is read again only when it changed.

    Raises:
        ConfigError: when it cannot be read, or a rule in it is wrong.
    """
    shipped = SHIPPED / f"{name_or_path}.yaml"
    path = shipped if isinstance(name_or_path, str) and shipped.is_file() else Path(name_or_path)
    try:
        stamp = path.stat()
    except OSError as error:
        known = ", ".join(sorted(one.stem for one in SHIPPED.glob("*.yaml")))
        raise ConfigError(
            f"Rulebook {name_or_path} cannot be read", fix=f"Give one of {known}, or the path of your own file."
        ) from error
    return _load(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=64)
def _load(path: Path, _mtime: int, _size: int) -> Rulebook:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Rulebook {path} cannot be read: {error}", fix="Save it as UTF-8 text.") from error
    return parse_rulebook(text, str(path))
