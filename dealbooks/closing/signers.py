"""Who signs, and how that is known: a typed name, the account of this machine, or a personal signing key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dealbooks.closing.keys import SigningKey, read_key
from dealbooks.closing.texts import LONGEST_NAME, name_key, one_line
from dealbooks.config_close import SignerConfig
from dealbooks.errors import UsageError

TYPED, ACCOUNT, KEY = "typed", "operating-system account", "personal signing key"


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who signs. `account` is the machine's account that ran the command, empty where there is none."""

    name: str
    identified_by: str = TYPED
    account: str = ""
    key: SigningKey | None = None


def identify(
    signers: Mapping[str, SignerConfig], name: str, *, key_file: Path | None = None, account: str = ""
) -> Signer:
    """Who a name stands for, by what is known of the people who sign (`signers:` of dealbooks.yaml).

    Raises:
        UsageError: no name, or one that two entries there have; the key is not this person's; or the person has a key
            and did not sign with it.
    """
    name = one_line(name, "The name of who signs", LONGEST_NAME)
    if not name:
        raise UsageError("A close is signed by a person.", fix="Give the name of who signs, such as --sign 'Ann Lee'.")
    meant = [one for one in signers if name_key(one) == name_key(name)]
    if len(meant) > 1:
        raise UsageError(
            f"{' and '.join(meant)} under signers: are one name.", fix="Have one of them taken out, in dealbooks.yaml."
        )
    config = signers[meant[0]] if meant else SignerConfig()
    name = meant[0] if meant else name
    if key_file is not None:
        key = read_key(key_file)
        if not config.key:
            raise UsageError(
                f"No key of {name} is known here.",
                fix=f"Have '{name}: {{key: {key.public}}}' entered under signers: in dealbooks.yaml, by whoever keeps "
                "that file.",
            )
        if key.public != config.key:
            raise UsageError(
                f"{key_file} is not the key of {name}.", fix="Sign with your own key, under your own name."
            )
        return Signer(name, KEY, account, key)
    if config.key:
        raise UsageError(
            f"{name} signs with a personal key, and this is only the name.",
            fix=f"dealbooks close BOOK PERIOD --sign '{name}' --key FILE",
        )
    if config.account and config.account == account:
        return Signer(name, ACCOUNT, account)
    if config.account:
        raise UsageError(
            f"{name} signs from the account {config.account}, and this is {account or 'none'}.",
            fix=f"Run the command as {config.account}.",
        )
    return Signer(name, TYPED, account)
