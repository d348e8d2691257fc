"""What `dealbooks init` writes: a configuration that works, and the chart, rulebook, map and layout to edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from dealbooks.charts import load_chart
from dealbooks.determine import load_rulebook
from dealbooks.errors import UsageError

LEDGERS = ("beancount", "quickbooks", "xero", "odoo")
_TAX_SETTING = {"quickbooks": "tax_codes", "xero": "tax_codes", "odoo": "taxes"}


@dataclass(frozen=True, slots=True)
class Start:
    """What a new house starts from; its rooftops are those of the rulebook."""

    rules: str
    chart: str
    regime: str
    currency: str
    timezone: str
    book: str
    entity: str
    name: str


STARTS: Mapping[str, Start] = {
    one.rules: one
    for one in (
        Start("uk", "uk", "uk", "GBP", "Europe/London", "northgate", "NORTHGATE-MOTORS-LTD", "Northgate Motors Ltd"),
        Start("us-ca", "us", "us", "USD", "America/Los_Angeles", "bayline", "BAYLINE-AUTO-INC", "Bayline Auto Inc"),
        Start("us-fl", "us", "us", "USD", "America/New_York", "suncoast", "SUNCOAST-MOTORS-LLC", "Suncoast Motors LLC"),
        Start("us-in", "us", "us", "USD", "America/Indianapolis", "hoosier", "HOOSIER-CARS-INC", "Hoosier Cars Inc"),
        Start("us-ky", "us", "us", "USD", "America/New_York", "bluegrass", "BLUEGRASS-MOTOR-CO", "Bluegrass Motor Co"),
        Start("us-mi", "us", "us", "USD", "America/Detroit", "mitten", "MITTEN-AUTO-LLC", "Mitten Auto LLC"),
        Start("us-ny", "us", "us", "USD", "America/New_York", "hudson", "HUDSON-MOTOR-GROUP-INC", "Hudson Motor Group"),
        Start(
            "us-sc",
            "us",
            "us",
            "USD",
            "America/New_York",
            "palmetto",
            "PALMETTO-MOTOR-SALES-INC",
            "Palmetto Motor Sales",
        ),
        Start("us-tx", "us", "us", "USD", "America/Chicago", "lonestar", "LONE-STAR-AUTOS-LP", "Lone Star Autos LP"),
        Start(
            "us-va", "us", "us", "USD", "America/New_York", "dominion", "OLD-DOMINION-MOTORS-INC", "Old Dominion Motors"
        ),
        Start(
            "ca-ab", "ca", "ca", "CAD", "America/Edmonton", "foothills", "FOOTHILLS-MOTORS-LTD", "Foothills Motors Ltd"
        ),
        Start("ca-bc", "ca", "ca", "CAD", "America/Vancouver", "cascadia", "CASCADIA-AUTO-LTD", "Cascadia Auto Ltd"),
        Start("ca-mb", "ca", "ca", "CAD", "America/Winnipeg", "redriver", "RED-RIVER-AUTOS-LTD", "Red River Autos Ltd"),
        Start("ca-ns", "ca", "ca", "CAD", "America/Halifax", "bluenose", "BLUENOSE-AUTOS-LTD", "Bluenose Autos Ltd"),
        Start(
            "ca-on", "ca", "ca", "CAD", "America/Toronto", "mapleridge", "MAPLE-RIDGE-AUTO-LTD", "Maple Ridge Auto Ltd"
        ),
        Start("ca-qc", "ca", "ca", "CAD", "America/Toronto", "fleuve", "AUTOS-DU-FLEUVE-INC", "Autos du Fleuve Inc"),
        Start(
            "ca-sk",
            "ca",
            "ca",
            "CAD",
            "America/Regina",
            "prairiesky",
            "PRAIRIE-SKY-MOTORS-LTD",
            "Prairie Sky Motors Ltd",
        ),
        Start("au", "au", "au", "AUD", "Australia/Sydney", "harbour", "HARBOUR-PRESTIGE-PTY-LTD", "Harbour Prestige"),
        Start(
            "nz",
            "nz",
            "nz",
            "NZD",
            "Pacific/Auckland",
            "southern",
            "SOUTHERN-CROSS-MOTORS-LTD",
            "Southern Cross Motors",
        ),
        Start("jp", "jp", "jp", "JPY", "Asia/Tokyo", "hakata", "HAKATA-JIDOSHA-KK", "Hakata Jidosha"),
        Start("eu-de", "eu", "eu", "EUR", "Europe/Berlin", "isar", "AUTOHAUS-ISAR-GMBH", "Autohaus Isar GmbH"),
        Start("eu-fr", "eu", "eu", "EUR", "Europe/Paris", "rhone", "GARAGE-DU-RHONE-SARL", "Garage du Rhône SARL"),
        Start("eu-ie", "eu", "eu", "EUR", "Europe/Dublin", "liffey", "LIFFEY-MOTORS-LTD", "Liffey Motors Ltd"),
        Start("gulf-ae", "gulf", "gulf", "AED", "Asia/Dubai", "dubai", "GULF-MOTORS-LLC", "Gulf Motors Dubai"),
        Start("gulf-bh", "gulf", "gulf", "BHD", "Asia/Bahrain", "manama", "GULF-MOTORS-BH", "Gulf Motors Manama"),
        Start("gulf-kw", "gulf", "gulf", "KWD", "Asia/Kuwait", "kuwait", "GULF-MOTORS-WLL", "Gulf Motors"),
        Start("gulf-om", "gulf", "gulf", "OMR", "Asia/Muscat", "muscat", "GULF-MOTORS-OM", "Gulf Motors Muscat"),
        Start("gulf-qa", "gulf", "gulf", "QAR", "Asia/Qatar", "doha", "GULF-MOTORS-QA", "Gulf Motors Doha"),
        Start("gulf-sa", "gulf", "gulf", "SAR", "Asia/Riyadh", "riyadh", "GULF-MOTORS-SA", "Gulf Motors Riyadh"),
    )
}


def starter_files(rules: str, ledger: str = "beancount") -> dict[str, str]:
    """Path in the new folder -> text.

    Raises:
        UsageError: there is no such rulebook or ledger.
    """
    if ledger not in LEDGERS:
        raise UsageError(f"There is no ledger called {ledger}.", fix=f"Choose one of {', '.join(LEDGERS)}.")
    start = STARTS.get(rules)
    if start is None:
        raise UsageError(f"There is no rulebook called {rules}.", fix=f"Choose one of {', '.join(STARTS)}.")
    return {
        "dealbooks.yaml": _config(start, ledger),
        f"charts/{start.chart}.yaml": _shipped("charts", start.chart),
        f"rules/{rules}.yaml": _shipped("rulebooks", rules),
        "maps/csv_files.yaml": _shipped("maps", "csv_files"),
        "layouts/completed_sale.yaml": _shipped("layouts", "completed_sale"),
        "inbox/.keep": "",
        ".gitignore": "var/\ninbox/\n",
    }


def write_starter(folder: Path, rules: str, *, ledger: str = "beancount", force: bool = False) -> list[Path]:
    """Write the files of a new house; without `force` nothing that is there is touched, and nothing is written.

    Raises:
        UsageError: a file is there already, or the folder cannot be written.
    """
    wanted = {folder / path: text for path, text in starter_files(rules, ledger).items()}
    there = [path for path in wanted if path.exists()]
    if there and not force:
        raise UsageError(
            f"{', '.join(str(path) for path in there[:3])} is there already; nothing was written.",
            fix="Name another folder, or overwrite with --force.",
        )
    try:
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.", fix="Name another folder.") from error
    return list(wanted)


def _config(start: Start, ledger: str) -> str:
    places = [place.location for place in load_rulebook(start.rules).locations]
    words = {
        "BOOK": start.book, "ENTITY": start.entity, "NAME": start.name, "REGIME": start.regime,
        "CURRENCY": start.currency, "TIMEZONE": start.timezone, "CHART": start.chart, "RULES": start.rules,
        "LOCATIONS": "\n".join(f"      {place}: {{dimension: {place.title()}}}" for place in places),
        "SOURCES": ", ".join(f"{place}: {start.book}" for place in places),
    }  # fmt: skip
    text = _template("dealbooks.yaml").replace("@LEDGER@", _ledger(start, ledger))
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    return text


def _ledger(start: Start, ledger: str) -> str:
    """The ledger's part of a book, and what of the chart the ledger wants otherwise."""
    suggested = yaml.safe_load(_template("ledgers", "suggested.yaml"))
    codes = suggested.get(ledger, {}).get(start.regime, {})
    pairs = _pairs(codes)
    taxes = f"      {_TAX_SETTING.get(ledger)}: {{{pairs}}}  # our tax code -> the tax in the ledger"
    own = suggested["xero_accounts"]
    chart = load_chart(start.chart).roles
    accounts = "".join(f"      {role}: {{{_pairs(own[role])}}}\n" for role in own if role in chart)
    return (
        _template("ledgers", f"{ledger}.yaml")
        .replace("@TAXES@\n", f"{taxes}\n" if pairs else "")
        .replace("@ACCOUNTS@\n", accounts)
        .rstrip("\n")
    )


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f'{name}: "{value}"' for name, value in values.items())


def _template(*path: str) -> str:
    return files("dealbooks").joinpath("templates", *path).read_text(encoding="utf-8")


def _shipped(kind: str, name: str) -> str:
    return files("dealbooks").joinpath(kind, f"{name}.yaml").read_text(encoding="utf-8")
