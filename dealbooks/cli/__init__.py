"""The command line. Nothing heavy is imported before a command needs it: `dealbooks --help` answers at once."""

from __future__ import annotations

from dealbooks.cli.app import main

__all__ = ["main"]
