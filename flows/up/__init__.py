"""`dealbooks up`: a Prefect server with its UI, and everything of dealbooks.yaml scheduled on it, in one command."""

from __future__ import annotations

from flows.up.supervise import up

__all__ = ["up"]
