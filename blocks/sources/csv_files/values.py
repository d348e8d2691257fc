"""From a cell to a value: amounts, dates, flags and identifiers, by explicit rules (csv_files.md sections 3 and 10).

Every parser takes the trimmed text of a cell and returns the canonical value, or None where the cell means nothing, or
raises `CellError` with the rule and the reason. Nothing is guessed, and no amount is ever a float.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from blocks.sources.csv_files.layout import Column, NumberFormat

Parsed = str | int | bool | None
Parser = Callable[[str], Parsed]

_CANONICAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{2}")
_SIGNS = re.compile(r"[£$€¥₹₩]|[A-Z]{3}(?=[ \u00a0\u202f]?[-(0-9])|(?<=[0-9)])[ \u00a0\u202f]?[A-Z]{3}$")
_EXPONENT = re.compile(r"[-+(]?[0-9.,]+[eE][-+]?[0-9]+\)?")
# What a spreadsheet makes of a long code: 1.04E+11. Codes such as 12E4 are left alone.
_DAMAGED_CODE = re.compile(r"[0-9](?:[.,][0-9]+)?[eE][-+][0-9]{1,3}")
_ARMOUR = re.compile(r'="(.*)"', re.DOTALL)
_SPACES = str.maketrans("", "", " \u00a0\u202f\t")
_YES = frozenset(("y", "yes", "true", "1", "t"))
_NO = frozenset(("n", "no", "false", "0", "f"))
_NO_DATE = frozenset(("0", "00/00/0000", "0000-00-00", "00000000", "00/00/00", "00.00.0000"))
_SPREADSHEET_EPOCH = date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1950, 2100
_CACHED = 8192


class CellError(ValueError):
    """A cell that does not say what its column needs; `code` is the rule, `reason` completes its text."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def bare(text: str) -> str:
    """A cell without the armour that keeps a spreadsheet from changing it: ="00123" is 00123."""
    match = _ARMOUR.fullmatch(text)
    return match.group(1).strip() if match else text


def report_cell(text: str) -> str:
    """A cell for a CSV report that we write: text a spreadsheet would run as a formula gets a leading apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def decimal_parser(numbers: NumberFormat, code: str) -> Callable[[str], Decimal]:
    """A parser of plain decimals in one way of writing; `code` is the rule that a bad one breaks."""
    point, group = re.escape(numbers.decimal_sep), re.escape(numbers.thousands_sep)
    whole = r"[0-9]{1,15}"
    if numbers.thousands_sep:
        # Groups of three, or of two and a last three (1,23,456): a misplaced separator is never taken for a decimal.
        whole = (
            rf"(?:[0-9]{{1,15}}|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]{{1,2}}(?:{group}[0-9]{{2}})*{group}[0-9]{{3}})"
        )
    pattern = re.compile(rf"(?P<whole>{whole})?(?:{point}(?P<part>[0-9]{{1,12}})?)?")

    def parse(text: str) -> Decimal:
        plain = _SIGNS.sub("", bare(text).removeprefix("'")).strip()
        if _EXPONENT.fullmatch(plain):
            raise CellError(code, "it is in scientific notation, as a spreadsheet writes it; the digits are lost")
        negative = False
        if plain.startswith("(") and plain.endswith(")") and numbers.parentheses_negative:
            negative, plain = True, plain[1:-1]
        elif plain.endswith("-") and numbers.trailing_minus:
            negative, plain = True, plain[:-1]
        elif plain[:1] in "+-\u2212":
            negative, plain = plain[:1] != "+", plain[1:]
        if numbers.thousands_sep != " ":
            plain = plain.translate(_SPACES)
        else:
            plain = plain.replace("\u00a0", " ").replace("\u202f", " ").strip()
        match = pattern.fullmatch(plain)
        if match is None or not (match["whole"] or match["part"]):
            raise CellError(code, f"numbers here are written like {_example(numbers)}")
        digits = (match["whole"] or "0").replace(numbers.thousands_sep, "") if numbers.thousands_sep else match["whole"]
        value = Decimal(f"{digits or '0'}.{match['part'] or '0'}")
        if value >= 10**15:
            raise CellError(code, "it has more digits than an amount can have")
        return -value if negative and value else value

    return parse


def _example(numbers: NumberFormat) -> str:
    return f"1{numbers.thousands_sep}234{numbers.decimal_sep}50"


def plain_text(value: Decimal, least: int) -> str:
    """A decimal as plain text with at least so many decimals and no needless zeros: 28500.00, 26150.125."""
    text = format(value, "f")
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    part = part.ljust(least, "0")
    text = f"{whole}.{part}" if part else whole
    return text.removeprefix("-") if not value else text


def money_parser(numbers: NumberFormat, column: Column) -> Parser:
    """Amounts as text with two decimals or more; how many a currency allows is checked with the row."""
    read = decimal_parser(numbers, "F104")
    quick = numbers.decimal_sep == "."

    @lru_cache(maxsize=_CACHED)
    def slow(text: str) -> str:
        return plain_text(read(text), 2)

    def signed(text: str) -> str:
        value = slow(text)
        if value.startswith("-") and column.negative != "allow":
            if column.negative == "refuse":
                raise CellError("F112")
            return value[1:]
        return value

    def parse(text: str) -> str:
        if quick and text[0] != "-" and _CANONICAL.fullmatch(text):
            return text
        return signed(text)

    return parse


def rate_parser(numbers: NumberFormat) -> Parser:
    """Rates and quantities as plain text; a percent sign is dropped, further decimals are rounded half up."""
    read = decimal_parser(numbers, "F106")
    smallest = Decimal(1).scaleb(-numbers.rate_decimals)

    @lru_cache(maxsize=_CACHED)
    def parse(text: str) -> str:
        value = read(text.removesuffix("%"))
        if value != (cut := value.quantize(smallest, ROUND_HALF_UP)):
            value = cut
        return plain_text(value, 0)

    return parse


def date_parser(formats: Sequence[str], *, excel_serial: bool) -> Parser:
    """Business dates as ISO text; the ways of writing "no date" are None."""
    names = " or ".join(_shown(form) for form in formats)

    @lru_cache(maxsize=_CACHED)
    def parse(text: str) -> str | None:
        plain = bare(text).removeprefix("'").strip()
        if plain in _NO_DATE:
            return None
        found = _spreadsheet_day(plain) if excel_serial else None
        if found is None:
            found = next((day for form in formats if (day := _read_date(plain, form))), None)
        if found == date(1900, 1, 1):
            return None
        if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise CellError("F107", names)
        return found.isoformat()

    return parse


def _read_date(text: str, form: str) -> date | None:
    try:
        parts = time.strptime(text, form)
        found = date(parts.tm_year, parts.tm_mon, parts.tm_mday)
    except ValueError:
        return None
    # Without separators strptime would take 2026111 for 1 November.
    if form.isalnum() or not any(sign in form for sign in "-/. "):
        return found if found.strftime(form) == text else None
    return found


def _spreadsheet_day(text: str) -> date | None:
    if text.isascii() and text.isdigit() and len(text) == 5:
        return _SPREADSHEET_EPOCH + timedelta(days=int(text))
    return None


def _shown(form: str) -> str:
    for code, word in (("%Y", "YYYY"), ("%y", "YY"), ("%m", "MM"), ("%d", "DD")):
        form = form.replace(code, word)
    return form


def integer_parser(numbers: NumberFormat) -> Parser:
    """Whole numbers, with or without a thousands separator."""
    read = decimal_parser(numbers, "F108")

    @lru_cache(maxsize=_CACHED)
    def parse(text: str) -> int:
        value = read(text)
        if value != value.to_integral_value():
            raise CellError("F108")
        return int(value)

    return parse


def flag_parser(words: Mapping[str, str]) -> Parser:
    """Yes or no, in the usual ways of writing them or the layout's own."""

    def parse(text: str) -> bool:
        word = text.casefold()
        word = words.get(word, word).casefold()
        if word in _YES:
            return True
        if word in _NO:
            return False
        raise CellError("F109")

    return parse


def text_parser(column: Column, words: Mapping[str, str]) -> Parser:
    """Text, trimmed; where the layout lists values, one of them."""
    listed = {value.casefold(): value for value in column.one_of}
    names = ", ".join(column.one_of)

    def parse(text: str) -> str | None:
        if text[0] == "=":
            text = bare(text)
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if words:
            text = words.get(text.casefold(), text)
        if listed:
            known = listed.get(text.casefold())
            if known is None:
                raise CellError("F111", names)
            return known
        if column.upper:
            text = text.upper()
        return text or None

    return parse


def id_parser(column: Column, words: Mapping[str, str]) -> Parser:
    """Identifiers stay text with their leading zeros; what a spreadsheet shortened is refused."""

    def parse(text: str) -> str | None:
        if text[0] == "=":
            text = bare(text)
        text = text.removeprefix("'").strip()
        if _DAMAGED_CODE.fullmatch(text):
            raise CellError("F110")
        if words:
            text = words.get(text.casefold(), text)
        if column.upper:
            text = text.upper()
        return text or None

    return parse


def parser_for(
    column: Column, numbers: NumberFormat, formats: Sequence[str], words: Mapping[str, str], *, excel_serial: bool
) -> Parser:
    """The parser of one column of a layout."""
    match column.kind:
        case "money":
            return money_parser(numbers, column)
        case "rate":
            return rate_parser(numbers)
        case "date":
            return date_parser(formats, excel_serial=excel_serial)
        case "integer":
            return integer_parser(numbers)
        case "flag":
            return flag_parser(words)
        case "id":
            return id_parser(column, words)
        case "text":
            return text_parser(column, words)
