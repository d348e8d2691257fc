"""Checking the settings of a source over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from dealbooks.errors import ConfigError
from dealbooks.http import check_addresses

S = TypeVar("S", bound=BaseModel)


def checked(model: type[S], name: str, given: Mapping[str, Any], addresses: Iterable[str] = ()) -> S:
    """The settings of a source, checked; `addresses` are those among them that are addresses of servers.

    Raises:
        ConfigError: naming the one that is missing, not known or wrong.
    """
    try:
        found = model.model_validate(dict(given))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in wrong["loc"])
    else:
        check_addresses(f"sources.{name}", {setting: getattr(found, setting) for setting in addresses})
        return found
    raise ConfigError(  # outside of the except clause: pydantic's error may hold a secret
        f"sources.{name}, {field}: {wrong['msg'].lower()}.", fix=f"The settings are: {', '.join(model.model_fields)}."
    )


def secret(name: str, setting: str, given: SecretStr, variable: str, what: str) -> str:
    """A secret without the blanks around it. `variable` is a name for its environment variable, `what` says whose it is
    and where it is found.

    Raises:
        ConfigError: there is none, or nothing but blanks.
    """
    found = given.get_secret_value().strip()
    if not found:
        raise ConfigError(
            f"sources.{name} has no {setting}, or it is blank: {what}.",
            fix=f"Put it into an environment variable and write {setting}: ${{{variable}}}, or use the Prefect block.",
        )
    return found
