"""`dealbooks.yaml`: the store, the books and the sources, checked before anything runs.

Found by `--config FILE`, else the environment variable DEALBOOKS_CONFIG, else ./dealbooks.yaml. `${NAME}` is replaced
by an environment variable; relative paths start at the file's own folder. docs/configuration.md is generated from this.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dealbooks.book import Policies, Regime
from dealbooks.errors import ConfigError
from dealbooks.money import minor_digits
from dealbooks.yamlfile import read_yaml

ENVIRONMENT = "DEALBOOKS_CONFIG"
DEFAULT_NAME = "dealbooks.yaml"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BOOK_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")

Condition = Literal["completed", "delivered", "paid_in_full"]

SchemeName = Literal[
    "standard", "signed", "hubspot", "salesforce", "odoo", "docusign", "adobe_sign", "dropbox_sign", "stripe",
    "gocardless",
]  # fmt: skip
# What a scheme cannot do without; every other needs `secrets`.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("secrets", "url"),
    "salesforce": ("organization_id",),
    "adobe_sign": ("client_id",),
}
_IN_ADDRESS = ("salesforce", "adobe_sign", "odoo")
_ADDRESS_SECRET = re.compile(r"[A-Za-z0-9_-]{16,200}")
_LEAST_SECRET = 16


def _is_standard_secret(secret: str) -> bool:
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False)) >= _LEAST_SECRET
    except ValueError:
        return False


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{value!r} is not a time zone; use an IANA name such as Europe/London") from error
    return value


def _currency(value: str) -> str:
    minor_digits(value)
    return value


def _legal_entity(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty; write the legal entity's code, as it shall stand on entries")
    return value.strip()


TimeZone = Annotated[str, AfterValidator(_timezone)]


class Section(BaseModel):
    """Base of every part of the configuration: a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LocationConfig(Section):
    """A rooftop, branch or site of a book."""

    dimension: str = Field("", description="Its name as the ledger's location dimension; by default the code itself.")
    timezone: TimeZone | None = Field(None, description="Its own time zone, where it differs from the book's.")


def _shown(section: BaseModel) -> Iterator[tuple[str | None, Any]]:
    """What a section shows of itself: of a platform's own settings, among which are passwords, only the names."""
    for name in type(section).model_fields:
        yield name, getattr(section, name)
    yield "settings", sorted(section.model_extra or {})


class LedgerConfig(BaseModel):
    """The ledger that a book is kept in. Settings beyond these are the platform's own (see `dealbooks ledgers`)."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    platform: str = Field(description="Which ledger: a name that `dealbooks ledgers` lists.")
    block: str | None = Field(None, description="A Prefect block that holds the settings, as `kind/name`.")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return _shown(self)


class PostWhen(Section):
    """When a deal may be posted."""

    all: tuple[Condition, ...] = Field((), description="Every one of these must hold.")
    any: tuple[Condition, ...] = Field((), description="At least one of these must hold.")


class BookConfig(Section):
    """One legal entity's accounting."""

    legal_entity: Annotated[str, AfterValidator(_legal_entity)] = Field(
        description="The legal entity's code, as it stands on entries."
    )
    name: str = Field(description="Its name, as people say it.")
    regime: Regime = Field(description="Which country's tax rules apply.")
    currency: Annotated[str, AfterValidator(_currency)] = Field(description="Base currency, ISO 4217.")
    timezone: TimeZone = Field(description="Time zone in which business dates and periods are reckoned.")
    chart: str = Field(description="Chart of accounts: a shipped name (us, uk, au, ...) or the path of your own.")
    accounts: Mapping[str, Any] = Field(
        default_factory=dict, description="Accounts that replace those of the chart: role -> {number, name, type}."
    )
    rules: str = Field(description="Rulebook that fills what sources do not say: a shipped name or a path.")
    ledger: LedgerConfig = Field(description="The ledger that the book is kept in.")
    locations: Mapping[str, LocationConfig] = Field(description="Code of each rooftop -> its settings.")
    source_of_record: str | None = Field(
        None, description="The source whose word makes versions; by default the first."
    )
    post_from: date | None = Field(None, description="Go-live: earlier deals are listed, and never posted.")
    post_when: PostWhen = Field(
        default_factory=lambda: PostWhen(all=("completed",)), description="When a deal may be posted."
    )
    policies: Policies = Field(default_factory=Policies, description="Accounting choices, agreed with the accountant.")
    future_days: int = Field(
        7, ge=0, description="A sale dated more than this many days after today is flagged: its date may be wrong."
    )
    amend_limit: int = Field(
        5, ge=0, description="A run that would amend or reverse more posted deals than this posts none of them."
    )
    identity: Literal["deal_number", "vin_customer_date"] = Field(
        "deal_number", description="What makes two records one sale."
    )

    def zone(self, location: str | None = None) -> ZoneInfo:
        """Time zone of a location, by default of the book."""
        own = self.locations[location].timezone if location is not None and location in self.locations else None
        return ZoneInfo(own or self.timezone)


class SourceConfig(BaseModel):
    """Where deals come from. Settings beyond these are the platform's own (see `dealbooks sources`)."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    platform: str = Field(description="Which source: a name that `dealbooks sources` lists.")
    block: str | None = Field(None, description="A Prefect block that holds the settings, as `kind/name`.")
    map: str = Field("", description="Field map: a shipped name or a path; by default the platform's.")
    books: Mapping[str, str] = Field(description="Location code -> the book that its deals belong to.")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return _shown(self)

    @property
    def settings(self) -> dict[str, Any]:
        """The platform's own settings."""
        return dict(self.model_extra or {})


class HookConfig(Section):
    """Who may tell the gateway about deals, at POST /hooks/NAME, and how that is proven."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    scheme: SchemeName = Field(
        description="How the sender signs: its own way; `standard` is Standard Webhooks, `signed` our timestamped HMAC."
    )
    source: str = Field("", description="The source whose deals it tells about; empty: any.")
    secrets: tuple[str, ...] = Field(
        (),
        repr=False,
        description="Secrets shared with the sender; any of them proves a call. To change one, add the new one, change "
        "it at the sender, then take the old one out. For salesforce, adobe_sign and odoo, which sign nothing, it "
        "stands at the end of the address: /hooks/NAME/SECRET.",
    )
    url: str = Field("", description="The public address that the sender calls. Needed by hubspot, which signs it.")
    organization_id: str = Field("", description="salesforce: the id of your organisation (00D...).")
    client_id: str = Field("", description="adobe_sign: your application's id, which is sent back with every answer.")
    account: str = Field(
        "",
        description="Only events of this account count: hubspot's portal, docusign's and stripe's account, the "
        "organisation of gocardless.",
    )
    live: bool = Field(True, description="stripe: take events of the live mode; false: of the test mode.")
    legacy: bool = Field(
        False, description="hubspot: also take signature v2, which proves no time, from workflows that send no v3."
    )
    per_minute: int = Field(6000, ge=1, description="Calls a minute from one address; more are told to wait.")
    most_bytes: int = Field(0, ge=0, description="Largest body; 0: 1 MiB, and 10 MiB for adobe_sign.")

    @property
    def limit(self) -> int:
        """Largest body in bytes."""
        return self.most_bytes or (10 if self.scheme == "adobe_sign" else 1) * 1024 * 1024

    @model_validator(mode="after")
    def _can_be_proven(self) -> HookConfig:
        needed = _NEEDED.get(self.scheme, ("secrets",))
        for name in needed:
            if not getattr(self, name):
                raise ValueError(f"{name} is missing, which {self.scheme} needs")
        for secret in self.secrets:
            if not secret.strip() or (self.scheme in _IN_ADDRESS and not _ADDRESS_SECRET.fullmatch(secret)):
                raise ValueError(
                    "secrets: one is empty"
                    if not secret.strip()
                    else "secrets: one that stands in an address has 16 to 200 letters, digits, '-' or '_'"
                )
            if self.scheme == "standard" and not _is_standard_secret(secret):
                raise ValueError("secrets: one is not whsec_ and base64 of at least 16 bytes")
        return self


class Config(Section):
    """The whole of `dealbooks.yaml`."""

    store: str = Field(
        "sqlite:///var/dealbooks.db", repr=False, description="Database URL of the store: sqlite or postgresql."
    )
    var: Path = Field(Path("var"), description="Folder for the archive of files, reports, Data Docs and logs.")
    books: Mapping[str, BookConfig] = Field(description="Book name -> its settings.")
    sources: Mapping[str, SourceConfig] = Field(description="Source name -> its settings.")
    hooks: Mapping[str, HookConfig] = Field(
        default_factory=dict, description="Name of a webhook -> who calls it, and how that is proven."
    )
    file: Path = Field(Path(DEFAULT_NAME), exclude=True, description="Where this configuration was read from.")

    @property
    def folder(self) -> Path:
        """The folder that relative paths start at."""
        return self.file.parent

    def path(self, value: str | Path) -> Path:
        """A path of the configuration, from its own folder."""
        return self.folder / Path(value).expanduser()

    @model_validator(mode="after")
    def _names_fit(self) -> Config:
        for name in (*self.books, *self.sources, *self.hooks):
            if not _BOOK_NAME.fullmatch(name.replace("_", "-")):
                raise ValueError(
                    f"{name!r}: a name is a small letter, then small letters, digits, '-' or '_', at most 40"
                )
        for name, source in self.sources.items():
            for location, book in source.books.items():
                if book not in self.books:
                    raise ValueError(f"sources.{name}.books.{location}: there is no book {book!r}")
                if location not in self.books[book].locations:
                    raise ValueError(f"sources.{name}.books.{location}: book {book!r} has no such location")
        for name, hook in self.hooks.items():
            if hook.source and hook.source not in self.sources:
                raise ValueError(f"hooks.{name}.source: there is no source {hook.source!r}")
        for name, book_config in self.books.items():
            record = book_config.source_of_record
            if record is not None and record not in self.sources:
                raise ValueError(f"books.{name}.source_of_record: there is no source {record!r}")
        return self

    @model_validator(mode="after")
    def _books_are_apart(self) -> Config:
        """Two books in one ledger, or of one legal entity, would be taken for each other."""
        entities: dict[str, str] = {}
        ledgers: dict[tuple[str, Path], str] = {}
        for name, book in self.books.items():
            other = entities.setdefault(book.legal_entity, name)
            if other != name:
                raise ValueError(
                    f"books.{other} and books.{name} have the same legal_entity {book.legal_entity!r}; "
                    "give each its own, or keep one book"
                )
            folder = (book.ledger.model_extra or {}).get("path")
            if not folder:
                continue
            other = ledgers.setdefault((book.ledger.platform, self.path(str(folder)).resolve()), name)
            if other != name:
                raise ValueError(
                    f"books.{other} and books.{name} have the same ledger ({book.ledger.platform}, path {folder}); "
                    "give each its own folder"
                )
        return self


def find_config(given: Path | None = None) -> Path:
    """Which configuration file is meant.

    Raises:
        ConfigError: when there is none.
    """
    path = given or Path(os.environ.get(ENVIRONMENT) or DEFAULT_NAME)
    if not path.is_file():
        raise ConfigError(
            f"There is no configuration at {path}.",
            fix="Run 'dealbooks init' to make one, or name yours with --config FILE or DEALBOOKS_CONFIG.",
        )
    return path


def load_config(given: Path | None = None) -> Config:
    """Read and check the configuration.

    Raises:
        ConfigError: naming the file, the key and what is wrong there.
    """
    path = find_config(given).absolute()
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise ConfigError(f"{path} is empty or not a mapping of settings.", fix="See docs/configuration.md.")
    expanded = _expand(data, path, ())
    try:
        return Config.model_validate(expanded | {"file": path})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise ConfigError(f"{path}: {problems}", fix="docs/configuration.md lists every key.") from error


def _expand(value: Any, path: Path, where: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, path, (*where, str(key))) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path, (*where, str(index))) for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"{path}: {'.'.join(where)} needs the environment variable {name}, which is not set.",
                fix=f"Set {name}, or write the value another way.",
            )
        return os.environ[name]

    return _VARIABLE.sub(replace, value)
