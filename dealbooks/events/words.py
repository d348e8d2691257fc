"""Events in words for a person."""

from __future__ import annotations

from collections.abc import Mapping

KIND_WORDS: Mapping[str, str] = {
    "deal.completed": "the deal was completed", "deal.updated": "the deal was changed",
    "deal.voided": "the deal was taken back", "document.signed": "the customer has signed",
    "payment.received": "money came", "payment.lost": "money was given back, or did not come",
    "invoice.issued": "it was invoiced",
}  # fmt: skip
RULE_WORDS: Mapping[str, str] = {
    "reference": "it names the deal", "object": "its envelope or payment is the deal's",
    "words": "its words hold the deal number", "car": "its words hold the VIN or the stock number",
    "person": "a person said so",
}  # fmt: skip
