"""Checking the settings of a connection, whatever it is to: a source, payments, a ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from inspect import isclass
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from dealbooks.errors import ConfigError
from dealbooks.http import check_addresses

S = TypeVar("S", bound=BaseModel)

# What pydantic calls a mistake (its first words) -> what is said of the setting; {} are the limits that it names.
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "invalid_key": "is not known",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "is not written as it should be",
    "string_type": "must be text; put it in quotes",
    "int": "must be a whole number",
    "float": "must be a number",
    "decimal": "must be a number",
    "bool": "must be true or false",
    "tuple": "must be a list",
    "list": "must be a list",
    "mapping": "must be names with a value each",
    "dict": "must be names with a value each",
    "model": "must be names with a value each",
}
_QUOTED = re.compile(r"'([^']*)'")


def checked(model: type[S], where: str, given: Mapping[str, Any], addresses: Iterable[str] = ()) -> S:
    """The settings, checked. `where` is their place in dealbooks.yaml (`sources.crm`, `books.northgate.ledger`);
    `addresses` are those among them that are addresses of servers. A value is never repeated, since it may be secret;
    what a validator of the model says goes on from the name of the setting (`is not a time zone`).

    Raises:
        ConfigError: naming all that are missing, not known or wrong.
    """
    try:
        found = model.model_validate(dict(given))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
    else:
        check_addresses(where, {setting: getattr(found, setting) for setting in addresses})
        return found
    said: dict[tuple[str, ...], str] = {}  # by place: each way that a value could have been right is a mistake
    fixes: dict[str, None] = {}
    for one in wrong:
        place = _place(one["loc"], given)
        said.setdefault(place, f"{'.'.join(place)} {_words(dict(one))}".strip())
        fixes[_fix(model, place)] = None
    # Outside of the except clause: pydantic's error may hold a secret.
    raise ConfigError(f"{where}: {'; '.join(said.values())}.", fix=" ".join(fixes).strip())


def needed(where: str, found: BaseModel, *settings: str, fix: str, variable: str = "") -> tuple[str, ...]:
    """What these settings say, secrets in clear, without blanks around it. `fix` says where a person finds them;
    `variable` is a name for the environment variable that the last one, a secret, may be kept in.

    Raises:
        ConfigError: naming those that are not set, or hold nothing but blanks.
    """
    values = tuple(_text(getattr(found, setting)) for setting in settings)
    missing = [setting for setting, value in zip(settings, values, strict=True) if not value]
    if not missing:
        return values
    if variable and missing[-1] == settings[-1]:
        how = f"write {settings[-1]}: ${{{variable}}}, or use the Prefect block."
        fix = f"{fix} Put the secret into an environment variable and {how}"
    blank = "it is blank" if len(missing) == 1 else "they are blank"
    raise ConfigError(f"{where} has no {' and no '.join(missing)}, or {blank}.", fix=fix)


def _text(value: str | SecretStr) -> str:
    return (value.get_secret_value() if isinstance(value, SecretStr) else value).strip()


def _place(location: tuple[int | str, ...], given: Any) -> tuple[str, ...]:
    """Where in what was given a mistake is; what pydantic adds of its own is left out."""
    place: list[str] = []
    for part in location:
        if not isinstance(given, Mapping | list | tuple):
            break
        place.append(str(part))
        if isinstance(given, Mapping):
            given = given.get(part)
        else:
            given = given[part] if isinstance(part, int) and part < len(given) else None
    return tuple(place)


def _words(mistake: Mapping[str, Any]) -> str:
    kind, about = str(mistake["type"]), dict(mistake.get("ctx") or {})
    if kind in ("literal_error", "enum"):
        return f"must be {' or '.join(_QUOTED.findall(str(about.get('expected', ''))))}"
    if kind in ("value_error", "assertion_error"):
        return str(about.get("error", ""))
    words = next((words for start, words in _WORDS.items() if kind.startswith(start)), "")
    return words.format(**about) if words else str(mistake["msg"]).replace("Input should", "must")


def _fix(model: type[BaseModel], place: tuple[str, ...]) -> str:
    """What the setting is, or, where there is none of that name, which there are."""
    field: FieldInfo | None = None
    for depth, part in enumerate(place, 1):
        field = model.model_fields.get(part)
        inner = field.annotation if field is not None else None
        if depth == len(place) or not (isclass(inner) and issubclass(inner, BaseModel)):
            if field is not None and field.description:
                return f"{'.'.join(place[:depth])}: {field.description}"
            break
        model = inner
    above = ".".join(place[:-1])
    return f"The settings{f' of {above}' if above else ''} are: {', '.join(model.model_fields)}."
