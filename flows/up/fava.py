"""Fava, a separate program that shows Beancount ledgers in a browser: read only, on this machine alone."""

from __future__ import annotations

from collections.abc import Sequence

from blocks.ledgers.beancount.programs import find_program


def fava_command(mains: Sequence[str], *, host: str, port: int) -> list[str] | None:
    """How to start Fava for these ledgers; None when it is not installed."""
    program = find_program("fava")
    if program is None or not mains:
        return None
    return [str(program), "--read-only", "--host", host, "--port", str(port), *mains]
