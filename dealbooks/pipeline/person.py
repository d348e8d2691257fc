"""Who does what no rule decides, and why."""

from __future__ import annotations

from dealbooks.errors import UsageError


def by_person(who: str, why: str, what: str) -> tuple[str, str]:
    """The name and the reason that a person gives. `what` is said where one is missing: nothing is done without both.

    Raises:
        UsageError: one is missing.
    """
    who, why = who.strip(), why.strip()
    if not who or not why:
        raise UsageError(what, fix="Give --who NAME and --why TEXT.")
    return who, why
