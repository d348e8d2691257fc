"""A contract that was sent out for signature, read again at its provider with our own credentials. What an event says
of it makes no deal ready: anybody can say it, and some providers prove nothing of what they send.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from dealbooks.errors import DealbooksError
from dealbooks.http import Exchange

State = Literal["signed", "pending", "lost"]


@dataclass(frozen=True, slots=True)
class Signature:
    """One contract (an envelope, an agreement, a signature request) as it stands at its provider.

    Attributes:
        id: the provider's own id.
        state: `signed` (by everybody who had to), `pending`, or `lost` (declined, voided, expired, or completed without
            anybody's signature).
        live: whether it binds; false in a provider's test mode.
        completed: when the last signature was given (UTC); of a signed one always there.
        signers: how many people signed it.
        deal_ref: our reference of the deal, which whoever sent the contract wrote into it; else empty.
        text: words of the contract in which a reference of the deal, a VIN or a stock number may stand.
        why: of a lost one, what became of it, in words.
    """

    id: str
    state: State
    live: bool
    completed: datetime | None = None
    signers: int = 0
    deal_ref: str = ""
    text: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if self.state == "signed" and (self.completed is None or self.signers < 1):
            raise ValueError("a signed contract has somebody who signed it, and a time")


class UnreadableSignature(DealbooksError):
    """The provider answers, but this one contract cannot be read."""

    exit_code = 3


class SignatureReader(Protocol):
    """An e-signature provider, as far as contracts are read there."""

    def signature(self, contract_id: str) -> Signature | None:
        """A contract as it stands now; None: it is not in the account that we read.

        Raises:
            StopConnection: the provider does not answer, or refuses us.
            UnreadableSignature: it answers, but not with what this contract can be read from.
        """

    def problems(self) -> list[str]:
        """What is wrong with the connection, in words, for `dealbooks doctor`: asks the provider."""

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked, without secrets."""
