"""The refusal of the posting rules: one deal cannot be posted, and why."""

from __future__ import annotations

from dealbooks.errors import DealbooksError


class PostingError(DealbooksError):
    """This deal cannot be posted; nothing of it was. `deal_id` and `reason` stand apart for whoever shows them."""

    exit_code = 3

    def __init__(self, deal_id: str, reason: str, *, fix: str = "") -> None:
        super().__init__(f"Deal {deal_id} cannot be posted: {reason}", fix=fix)
        self.deal_id = deal_id
        self.reason = reason
