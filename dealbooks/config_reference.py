"""docs/configuration.md, made from the models of dealbooks.yaml: `python -m dealbooks.config_reference`."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dealbooks.book import Account, Policies
from dealbooks.config import BookConfig, Config, LedgerConfig, LocationConfig, PostWhen, SourceConfig
from dealbooks.config_close import CloseConfig, SignerConfig
from dealbooks.config_told import BankAccountConfig, EventsConfig, HookConfig, PaymentsConfig, SignaturesConfig
from dealbooks.starter import starter_files

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"

# Where a section stands in the file, its model, and a word about it.
SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("the file", Config),
    ("books.NAME", BookConfig),
    ("books.NAME.ledger", LedgerConfig),
    ("books.NAME.locations.CODE", LocationConfig),
    ("books.NAME.post_when", PostWhen),
    ("books.NAME.close", CloseConfig),
    ("books.NAME.policies", Policies),
    ("books.NAME.accounts.ROLE", Account),
    ("sources.NAME", SourceConfig),
    ("hooks.NAME", HookConfig),
    ("payments.NAME", PaymentsConfig),
    ("signatures.NAME", SignaturesConfig),
    ("events", EventsConfig),
    ("bank_accounts.NAME", BankAccountConfig),
    ("signers.NAME", SignerConfig),
)

_HEAD = """\
# dealbooks.yaml

Made from the program by `python -m dealbooks.config_reference`; do not edit.

The file is `--config FILE`, else the environment variable `DEALBOOKS_CONFIG`, else `./dealbooks.yaml`. `${NAME}` is
replaced by an environment variable; relative paths start at the file's own folder. A key that is not known is an error,
but in a ledger and in a source: there, further keys are the platform's own settings (`dealbooks ledgers`,
`dealbooks sources`). `dealbooks init` writes this one, with the files that it names:

```yaml
"""


def page() -> str:
    """The page as Markdown."""
    return _HEAD + starter_files("uk")["dealbooks.yaml"] + "```\n" + "".join(_section(*one) for one in SECTIONS)


def _section(where: str, model: type[BaseModel]) -> str:
    words = (model.__doc__ or "").strip().splitlines()[0]
    rows = "".join(_row(name, field) for name, field in _fields(model))
    return f"\n## {where}\n\n{words}\n\n| key | value | default | meaning |\n|---|---|---|---|\n{rows}"


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    return ((name, field) for name, field in model.model_fields.items() if not field.exclude)


def _row(name: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{name}` | {_kind(field.annotation)} | {_default(field)} | {meaning} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        given = {name: _plain(item) for name, item in value.model_dump(exclude_defaults=True).items()}
        return f"`{given}`".replace("'", "") if given else ""
    return "" if value in (None, "", (), {}) else f"`{_plain(value)}`"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return f"[{', '.join(str(one) for one in value)}]"
    return value


def _kind(annotation: Any) -> str:
    """What a person writes for a type."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inside[0])
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inside)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(one) for one in inside if one is not type(None))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"{_kind(inside[0])} -> {_kind(inside[1])}"
    if origin in (tuple, list):
        return f"list of {_kind(inside[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "see below"
    names = {"str": "text", "int": "number", "bool": "true or false", "date": "date", "Path": "path", "Any": "value"}
    return names.get(getattr(annotation, "__name__", str(annotation)), str(annotation))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
