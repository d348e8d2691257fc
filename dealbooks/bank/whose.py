"""Of which account the statements of a file are: an account is its number and its currency. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dealbooks.bank.model import Statement, Unreadable

_LEAST = 6  # characters of a number in a file by which the end of a longer one in the settings is known


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the settings have it; `number` is empty where they do not say it."""

    name: str
    number: str
    currency: str


def of_account(
    found: Iterable[Statement], mine: Account, others: Iterable[Account], file: str
) -> tuple[list[Statement], str]:
    """The statements of a file that are of an account, by their days, and what was assumed or left out (or nothing).

    Raises:
        Unreadable: none is, or nothing says whether one is.
    """
    listed, accounts = list(found), list(others)
    named = sorted({one.number for one in listed if one.number})
    note = ""
    if mine.number:
        own = [one for one in listed if not one.number or _same(mine.number, one)]
    else:
        own = listed
        if named and accounts:
            raise _unknown(listed, mine, accounts, file, named)
        if len(named) == 1:
            note = (
                f"The file names the account {_end(named[0])}. {mine.name} has no number:, and there is no other "
                "account, so it was taken as its own."
            )
    if not own:
        raise Unreadable(
            f"{file} is of another account: {', '.join(_end(one) for one in named)}.",
            fix=_belongs(listed, accounts)
            or f"Name the account that it belongs to, or correct the number: of bank_accounts.{mine.name}.",
        )
    if len({one.number for one in own if one.number}) > 1:
        raise Unreadable(
            f"{file} holds statements of several accounts: {', '.join(_end(one) for one in named)}.",
            fix=f"Give bank_accounts.{mine.name} its number: in dealbooks.yaml.",
        )
    fitting = [one for one in own if one.currency == mine.currency]
    left = sorted({one.currency for one in own} - {mine.currency})
    if not fitting:
        raise Unreadable(
            f"{file} is in {', '.join(left)}, the account in {mine.currency}.",
            fix="Name the account in that currency: one number in two currencies is two accounts under bank_accounts:.",
        )
    if left:
        note = f"{note} Left out: what is in {', '.join(left)}. Import the file for the account in it, too.".strip()
    return sorted(fitting, key=lambda one: (one.first, one.last)), note


def _unknown(
    listed: Sequence[Statement], mine: Account, others: Sequence[Account], file: str, named: Sequence[str]
) -> Unreadable:
    shown = ", ".join(_end(one) for one in named)
    belongs = _belongs(listed, others)
    if belongs:
        return Unreadable(f"{file} is of another account: {shown}.", fix=belongs)
    return Unreadable(
        f"{file} names the account {shown}. {mine.name} has no number: under bank_accounts:, where there are several, "
        "so nothing says whether it is its own.",
        fix=f"If it is, write its number: (the end of it is enough) under bank_accounts.{mine.name} in dealbooks.yaml, "
        "and import the file again.",
    )


def _belongs(listed: Iterable[Statement], others: Iterable[Account]) -> str:
    """What to do where the number is that of another account of the settings."""
    numbers: Mapping[str, bool] = {
        account.name: any(account.number and one.currency == account.currency and _same(account.number, one)
                          for one in listed)
        for account in others
    }  # fmt: skip
    names = [name for name, is_its in sorted(numbers.items()) if is_its]
    return f"It is that of {names[0]}: import it there." if len(names) == 1 else ""


def _same(number: str, statement: Statement) -> bool:
    """Whether one ends as the other does: files and settings write an IBAN, a local number, or its end, and some files
    the currency after it."""
    wanted, stated = _plain(number), _plain(statement.number)
    forms = {stated, stated.removesuffix(statement.currency)}
    return any(one.endswith(wanted) or (len(one) >= _LEAST and wanted.endswith(one)) for one in forms)


def _plain(text: str) -> str:
    return "".join(one for one in text.upper() if one.isalnum())


def _end(number: str) -> str:
    return f"...{number[-4:]}"
