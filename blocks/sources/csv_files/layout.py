"""Layouts: what a kind of file looks like, as pydantic models of a YAML file (csv_files.md section 9).

A layout names the canonical columns and their kinds, the headings that real exports use for them, how numbers and
dates are written, and which columns are needed. A dealership edits its own copy; nothing about a system's export is in
code.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from blocks.sources.csv_files.text import known_encoding
from dealbooks.errors import ConfigError
from dealbooks.money import Amount
from dealbooks.yamlfile import read_yaml

Kind = Literal["money", "rate", "date", "integer", "flag", "id", "text"]
_SQUEEZED = str.maketrans("", "", " _-#.\t\u00a0\u202f")


def squeeze(heading: str) -> str:
    """A heading as it is compared: without spaces, `_`, `-`, `#` and `.`, in lower case (csv_files.md section 2)."""
    return heading.translate(_SQUEEZED).casefold()


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CsvOptions(_Strict):
    """How the bytes are cut into fields. `header` is the number of the row with the headings, not counting blank rows,
    a `sep=` row and rows that begin with `skip_prefix`."""

    delimiter: Literal["auto", "comma", "semicolon", "tab", "bar", ",", ";", "|", "\t"] = "auto"
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'
    encoding: tuple[str, ...] = ("utf-8-sig", "cp1252")
    header: Annotated[int, Field(ge=1, le=50)] = 1
    skip_prefix: str = "#"
    final_newline: Literal["required", "optional"] = "required"

    @field_validator("encoding")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            try:
                known_encoding(name)
            except ConfigError as error:
                raise ValueError(f"{error.message}. {error.fix}") from error
        return names


class NumberFormat(_Strict):
    """How numbers are written. `money_decimals` holds for rows that state no currency."""

    decimal_sep: Literal[".", ","] = "."
    thousands_sep: Literal["", ".", ",", " ", "'"] = ","
    parentheses_negative: bool = True
    trailing_minus: bool = True
    money_decimals: Annotated[int, Field(ge=0, le=4)] = 2
    rate_decimals: Annotated[int, Field(ge=2, le=8)] = 6
    extra_decimals: Literal["error", "round"] = "error"

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.decimal_sep == self.thousands_sep:
            raise ValueError("decimal_sep and thousands_sep are the same sign")
        return self


class DateFormat(_Strict):
    """The formats that are tried, in this order; a day and a month are never guessed."""

    default: tuple[str, ...] = ("%Y-%m-%d",)
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    excel_serial: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _formats(self) -> Self:
        for form in (*self.default, *(form for forms in self.columns.values() for form in forms)):
            if not ("%d" in form and "%m" in form and ("%Y" in form or "%y" in form)):
                raise ValueError(f"the date format {form} needs %d, %m and %Y (or %y)")
        return self


def _column(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


class Column(_Strict):
    """One canonical column. `one_of` lists the values it may have; `negative` says what a minus sign means."""

    kind: Kind
    one_of: tuple[str, ...] = ()
    negative: Literal["allow", "refuse", "flip"] = "allow"
    upper: bool = False


ColumnSpec = Annotated[Column, BeforeValidator(_column)]


class Group(_Strict):
    """Numbered columns that together are a list: fee1_name, fee1_amount, ... fee6_amount."""

    prefix: str
    count: Annotated[int, Field(ge=1, le=50)]
    columns: dict[str, ColumnSpec]


class Completeness(_Strict):
    """How we know that a file is wholly there (csv_files.md section 4)."""

    kind: Literal["manifest", "sidecar", "done", "settle", "none"] = "manifest"
    fallback: Literal["manifest", "sidecar", "done", "settle", "none"] | None = "settle"
    settle_seconds: Annotated[int, Field(ge=0)] = 120
    wait_minutes: Annotated[int, Field(ge=0)] = 30


class OnChange(_Strict):
    """When a row that comes again has changed: in any column but those in `ignore`."""

    ignore: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _no_policy(cls, data: object) -> object:
        if isinstance(data, dict) and "policy" in data:
            raise ValueError(
                "leave out policy: a changed deal is amended by reversing and posting again, whatever the layout says; "
                "amend_limit of the book holds a run that would amend many"
            )
        return data


class BadRows(_Strict):
    """When bad rows refuse the whole file: more than `share` of them, and at least `at_least` of them."""

    share: Amount = Field(default="0.05", validate_default=True)
    at_least: Annotated[int, Field(ge=1)] = 2


class Layout(_Strict):
    """See the module. `required` entries are columns, or alternatives such as "vin|serial_no"; a row without a value in
    one of them is refused. `key` names a deal (or an event) at its source; `row_key` one row, by default the same.
    `tolerance` holds for the sums of a row."""

    layout: Annotated[str, Field(pattern=r"^[a-z_]+/\d+$")]
    file_prefix: str = ""
    rows: Literal["record", "lines"] = "record"
    csv: CsvOptions = Field(default_factory=CsvOptions)
    numbers: NumberFormat = Field(default_factory=NumberFormat)
    dates: DateFormat = Field(default_factory=DateFormat)
    nulls: tuple[str, ...] = ("N/A", "n/a", "NULL", "null", "-", "#N/A")
    columns: dict[str, ColumnSpec]
    groups: dict[str, Group] = Field(default_factory=dict)
    not_read: tuple[str, ...] = ()
    aliases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    required: tuple[str, ...]
    key: tuple[str, ...] = ("store_code", "deal_number")
    row_key: tuple[str, ...] = ()
    control_column: str = "total"
    tolerance: Amount = Field(default="0.01", validate_default=True)
    completeness: Completeness = Field(default_factory=Completeness)
    on_change: OnChange = Field(default_factory=OnChange)
    bad_rows: BadRows = Field(default_factory=BadRows)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Layout:
        """A shipped layout by its name (completed_sale), or a file of the dealership's own.

        Raises:
            ConfigError: naming the file, the key and what is wrong with it.
        """
        path = _find(name_or_path)
        data = read_yaml(path, what="the layout ")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ConfigError(f"the layout {path} is wrong: {_wrong(error)}", fix="Correct these keys.") from error

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        known = set(self.flat)
        named = {
            "aliases": self.aliases,
            "dates.columns": self.dates.columns,
            "dates.excel_serial": self.dates.excel_serial,
            "key": self.key,
            "row_key": self.row_key,
            "on_change.ignore": self.on_change.ignore,
            "required": [name for entry in self.required for name in entry.split("|")],
        }
        for where, names in named.items():
            unknown = sorted(set(names) - known)
            if unknown:
                raise ValueError(f"{where} names {', '.join(unknown)}, which is not among columns and groups")
        fields = known | {f"{name}.{field}" for name, group in self.groups.items() for field in group.columns}
        unknown = sorted(set(self.values) - fields)
        if unknown:
            raise ValueError(f"values names {', '.join(unknown)}, which is not among columns and groups")
        self._check_headings()
        return self

    def _check_headings(self) -> None:
        seen: dict[str, str] = {}
        for column, heading in self._headings():
            squeezed = squeeze(heading)
            other = seen.setdefault(squeezed, column)
            if other != column:
                raise ValueError(f"the heading '{heading}' would stand for both {other} and {column}")

    def _headings(self) -> Iterator[tuple[str, str]]:
        for column in self.flat:
            yield column, column
            for alias in self.aliases.get(column, ()):
                yield column, alias

    @cached_property
    def flat(self) -> dict[str, tuple[str, int, str, Column]]:
        """Every column of the file: canonical name -> (group or "", index in the group or 0, field name, column)."""
        columns: dict[str, tuple[str, int, str, Column]] = {
            name: ("", 0, name, column) for name, column in self.columns.items()
        }
        for name, group in self.groups.items():
            for index in range(1, group.count + 1):
                for field, column in group.columns.items():
                    columns[f"{group.prefix}{index}_{field}"] = (name, index, field, column)
        return columns

    @cached_property
    def by_heading(self) -> dict[str, str]:
        """Squeezed heading -> canonical column; columns that are known but never read stand for the empty name."""
        known = dict.fromkeys((squeeze(name) for name in self.not_read), "")
        known.update((squeeze(heading), column) for column, heading in self._headings())
        return known

    @cached_property
    def value_words(self) -> dict[str, dict[str, str]]:
        """For each column of the file that has them: word of the file in lower case -> canonical value."""
        return {
            column: {word.casefold(): value for word, value in words.items()}
            for column, (group, _, field, _) in self.flat.items()
            if (words := self.values.get(column) or self.values.get(f"{group}.{field}"))
        }

    @cached_property
    def row_required(self) -> tuple[tuple[str, ...], ...]:
        """What every row needs a value of; of lines, only what makes a line of a deal."""
        entries = tuple(tuple(entry.split("|")) for entry in self.required)
        if self.rows == "record":
            return entries
        return tuple(names for names in entries if not {"deal_number", "line_type"}.isdisjoint(names))

    @cached_property
    def key_required(self) -> tuple[tuple[str, ...], ...]:
        """What a row that voids a deal needs: no more than names the deal."""
        return tuple(names for names in self.row_required if not set(self.key).isdisjoint(names))

    @property
    def row_identity(self) -> tuple[str, ...]:
        """The columns that name one row of the file."""
        return self.row_key or self.key

    def settings(self, **changes: Any) -> Layout:
        """A copy with some keys set otherwise (a source's own settings over the layout's).

        Raises:
            ConfigError: naming the key.
        """
        try:
            return Layout.model_validate({**self.model_dump(mode="python"), **changes})
        except ValidationError as error:
            raise ConfigError(
                f"the settings over layout {self.layout} are wrong: {_wrong(error)}", fix="Correct these keys."
            ) from error


def _wrong(error: ValidationError) -> str:
    """Which keys are wrong and why, in one line."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'the file'}: {item['msg']}" for item in error.errors()
    )


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if text.endswith((".yaml", ".yml")) or "/" in text:
        return Path(text)
    shipped = Path(str(files("dealbooks").joinpath("layouts")))
    path = shipped / f"{text}.yaml"
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in shipped.glob("*.yaml")))
        raise ConfigError(f"there is no layout named {text}", fix=f"Use one of {known}, or the path of your own.")
    return path
