"""Answers as HubSpot writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.kit import Answer, as_json

CORRELATION = "aeb5f871-7f07-4993-9211-075dc63e7cbf"


class Refusal(Exception):
    """The call is refused."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "status": "error", "message": message, "correlationId": CORRELATION, "category": category, **more,
        }  # fmt: skip

    @property
    def answer(self) -> Answer:
        """As JSON."""
        return as_json(self.body, self.status)


def too_many(policy: str, text: str) -> Answer:
    """429, with the policy that was broken."""
    body = {
        "status": "error", "message": text, "errorType": "RATE_LIMIT", "correlationId": CORRELATION,
        "policyName": policy,
    }  # fmt: skip
    return as_json(body, 429)


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000


def iso(moment: datetime) -> str:
    """With milliseconds and Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
