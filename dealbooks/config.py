"""`dealbooks.yaml`: the store, the books and the sources, checked before anything runs.

Found by `--config FILE`, else the environment variable DEALBOOKS_CONFIG, else ./dealbooks.yaml. `${NAME}` is replaced
by an environment variable; relative paths start at the file's own folder. docs/configuration.md is generated from this.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dealbooks import registry
from dealbooks.book import Policies, Regime
from dealbooks.config_close import CloseConfig, SignerConfig
from dealbooks.config_section import Currency, Section, TimeZone, shown
from dealbooks.config_told import BankAccountConfig, EventsConfig, HookConfig, PaymentsConfig, SignaturesConfig
from dealbooks.errors import ConfigError
from dealbooks.masking import masked
from dealbooks.yamlfile import read_yaml

ENVIRONMENT = "DEALBOOKS_CONFIG"
DEFAULT_NAME = "dealbooks.yaml"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WORD = 4  # characters; shorter ones are found inside ordinary words
_BOOK_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_BLOCK = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")

Condition = Literal["completed", "invoiced", "signed", "paid_in_full", "delivered"]
BookedBy = Literal["stated", "delivery", "signed", "invoiced", "ready"]


def _legal_entity(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty; write the legal entity's code, as it shall stand on entries")
    return value.strip()


def _block_name(value: str) -> str:
    if not _BLOCK.fullmatch(value):
        raise ValueError("write the block's kind and name, as slack-webhook/controller; never an address")
    return value


BlockName = Annotated[str, AfterValidator(_block_name)]


class LocationConfig(Section):
    """A rooftop, branch or site of a book."""

    dimension: str = Field("", description="Its name as the ledger's location dimension; by default the code itself.")
    timezone: TimeZone | None = Field(None, description="Its own time zone, where it differs from the book's.")


class LedgerConfig(BaseModel):
    """The ledger that a book is kept in. Settings beyond these are the platform's own (see `dealbooks ledgers`)."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    platform: str = Field(description="Which ledger: a name that `dealbooks ledgers` lists.")
    block: str | None = Field(None, description="A Prefect block that holds the settings, as `kind/name`.")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return shown(self)


class PostWhen(Section):
    """When a deal may be posted."""

    all: tuple[Condition, ...] = Field(
        (), description="Every one of these must hold. Where neither this nor `any` is given: completed."
    )
    any: tuple[Condition, ...] = Field((), description="At least one of these must hold.")
    date: BookedBy = Field(
        "stated",
        description="The day that a sale is booked on: as the deal states it (its accounting date, else the delivery, "
        "else the contract); or the day of delivery, of the signature, of the invoice, or the day on which the last of "
        "these conditions came to hold. Where that day is not known, as stated.",
    )

    @model_validator(mode="before")
    @classmethod
    def _completed_by_default(cls, given: object) -> object:
        """A book that says only the day still posts completed deals alone."""
        if isinstance(given, Mapping) and not {"all", "any"} & set(given):
            return {**given, "all": ("completed",)}
        return given

    @model_validator(mode="after")
    def _date_is_known(self) -> PostWhen:
        if self.date in ("signed", "invoiced") and self.date not in (*self.all, *self.any):
            raise ValueError(f"date: {self.date} needs {self.date} among the conditions under all or any")
        return self


class BookConfig(Section):
    """One legal entity's accounting."""

    legal_entity: Annotated[str, AfterValidator(_legal_entity)] = Field(
        description="The legal entity's code, as it stands on entries."
    )
    name: str = Field(description="Its name, as people say it.")
    regime: Regime = Field(description="Which country's tax rules apply.")
    currency: Currency = Field(description="Base currency, ISO 4217.")
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
    receipts: Literal["post", "match"] = Field(
        "post",
        description="post: money of customers is posted by us; match: the bank feed of the ledger books it, and we "
        "only count it. Deposits that the deal's record states are always posted.",
    )
    owned: tuple[str, ...] | None = Field(
        None,
        description="Account roles that only deals may move (`receivable.customer`, `sales.*`): what somebody else "
        "books there is an exception of the close, unless it clears an open item; elsewhere it is only added up by "
        "person. By default revenue, cost, stock of vehicles, deal receivables and payables, and output tax.",
    )
    close: CloseConfig = Field(default_factory=CloseConfig, description="How a period is closed.")
    notify: tuple[BlockName, ...] | None = Field(
        None,
        description="Who is told what the drift watch finds in this book, where others than those of all books are.",
    )
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
        return shown(self)

    @property
    def settings(self) -> dict[str, Any]:
        """The platform's own settings."""
        return dict(self.model_extra or {})


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
    events: EventsConfig = Field(default_factory=EventsConfig, description="What becomes of events.")
    payments: Mapping[str, PaymentsConfig] = Field(
        default_factory=dict, description="Name of a payment provider's account -> where its payments are read."
    )
    signatures: Mapping[str, SignaturesConfig] = Field(
        default_factory=dict, description="Name of an e-signature account -> where its contracts are read."
    )
    bank_accounts: Mapping[str, BankAccountConfig] = Field(
        default_factory=dict, description="Name of an account at a bank or payment provider -> its book and its files."
    )
    signers: Mapping[str, SignerConfig] = Field(
        default_factory=dict, description="Name of a person who signs closes -> how that person is known."
    )
    notify: tuple[BlockName, ...] = Field(
        (),
        description="Who is told what the drift watch finds: notification blocks of Prefect, as `kind/name` "
        "(`slack-webhook/controller`, `sendgrid-email/office`). The address and its secret stand in the block.",
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
        told = (*self.hooks, *self.payments, *self.signatures, *self.bank_accounts)
        for name in (*self.books, *self.sources, *told):
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
        for name, account in self.bank_accounts.items():
            if account.book not in self.books:
                raise ValueError(f"bank_accounts.{name}.book: there is no book {account.book!r}")
        for name, book_config in self.books.items():
            record = book_config.source_of_record
            if record is not None and record not in self.sources:
                raise ValueError(f"books.{name}.source_of_record: there is no source {record!r}")
        return self

    @model_validator(mode="after")
    def _tokens_are_apart(self) -> Config:
        """The token that a person's consent gives is kept under the name of its book or source."""
        for name in self.books.keys() & self.sources.keys():
            ledger = registry.LEDGERS.get(self.books[name].ledger.platform)
            source = registry.SOURCES.get(self.sources[name].platform)
            if ledger and source and not ledger.embedded and source.kind == "records":
                raise ValueError(
                    f"books.{name} and sources.{name} have the same name, under which the authorisation of both would "
                    "be kept: give one of them another"
                )
        return self

    @model_validator(mode="after")
    def _what_is_read_has_hooks(self) -> Config:
        read: list[tuple[str, PaymentsConfig | SignaturesConfig]] = [
            *((f"payments.{name}", one) for name, one in self.payments.items()),
            *((f"signatures.{name}", one) for name, one in self.signatures.items()),
        ]
        taken: dict[str, str] = {}
        for name, one in read:
            hook = self.hooks.get(one.hook)
            if hook is None or hook.scheme != one.platform:
                raise ValueError(f"{name}.hook: there is no hook {one.hook!r} of the scheme {one.platform}")
            other = taken.setdefault(one.hook, name)
            if other != name:
                raise ValueError(f"{other} and {name} have the same hook {one.hook!r}")
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
    used: set[str] = set()
    expanded = _expand(data, path, (), used)
    try:
        return Config.model_validate(expanded | {"file": path})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False, include_input=False)
        )
        # What an environment variable holds may be a password, wherever it was written.
        problems = masked(problems, tuple(value for value in used if len(value) >= _WORD))
    raise ConfigError(f"{path}: {problems}", fix="docs/configuration.md lists every key.")


def _expand(value: Any, path: Path, where: tuple[str, ...], used: set[str]) -> Any:
    """The configuration with environment variables in their places; what they hold is added to `used`."""
    if isinstance(value, dict):
        return {key: _expand(item, path, (*where, str(key)), used) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path, (*where, str(index)), used) for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"{path}: {'.'.join(where)} needs the environment variable {name}, which is not set.",
                fix=f"Set {name}, or write the value another way.",
            )
        used.add(os.environ[name])
        return os.environ[name]

    return _VARIABLE.sub(replace, value)
