"""The parts of `dealbooks.yaml` about closing a period: how many sign, and who they are."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from dealbooks.closing.keys import is_public
from dealbooks.config_section import Section


def _public_key(value: str) -> str:
    if value and not is_public(value):
        raise ValueError("is not a public key; 'dealbooks keys new NAME' prints the line")
    return value


class CloseConfig(Section):
    """How a period of a book is closed."""

    four_eyes: bool = Field(
        False,
        description="true: two people sign, each with a personal signing key of their own. The period is locked with "
        "the second signature.",
    )
    segregation: bool = Field(
        False,
        description="true: who corrected a deal of the month, accepted a difference or a bank line of it, or entered "
        "money by hand may not be the only one who signs it.",
    )
    reopen_days: int = Field(
        2, ge=1, le=90, description="How many days a period that was taken out of the lock may stay open."
    )


class SignerConfig(Section):
    """A person who signs closes, by name."""

    key: Annotated[str, AfterValidator(_public_key)] = Field(
        "", description="Public half of the personal signing key (`dealbooks keys new NAME`). Then only the key signs."
    )
    account: str = Field(
        "", description="Account on the machine from which this person signs without a key; nobody else can then."
    )
