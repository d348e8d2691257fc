"""Checking the settings of a payment provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from dealbooks.errors import ConfigError

S = TypeVar("S", bound=BaseModel)


def checked(model: type[S], name: str, settings: Mapping[str, Any]) -> S:
    """The settings, checked. Raises ConfigError."""
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in wrong["loc"])
    raise ConfigError(
        f"payments.{name}, {field}: {wrong['msg'].lower()}.",
        fix=f"The settings are: {', '.join(model.model_fields)}.",
    )


def secret(name: str, given: SecretStr, variable: str) -> str:
    """The key, without the blanks around it; `variable` is a name for its environment variable. Raises ConfigError."""
    found = given.get_secret_value().strip()
    if not found:
        raise ConfigError(
            f"payments.{name} has no key to read payments with, or it is blank.",
            fix=f"Put it into an environment variable and write api_key: ${{{variable}}}, or use the Prefect block.",
        )
    return found
