"""What every part of `dealbooks.yaml` is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict

from dealbooks.money import minor_digits


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{value!r} is not a time zone; use an IANA name such as Europe/London") from error
    return value


def _currency(value: str) -> str:
    minor_digits(value)
    return value


TimeZone = Annotated[str, AfterValidator(_timezone)]
Currency = Annotated[str, AfterValidator(_currency)]


class Section(BaseModel):
    """Base of every part of the configuration: a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def shown(section: BaseModel) -> Iterator[tuple[str | None, Any]]:
    """What a section shows of itself: of a platform's own settings, among which are passwords, only the names."""
    for name in type(section).model_fields:
        yield name, getattr(section, name)
    yield "settings", sorted(section.model_extra or {})
