"""The one way to talk to a platform over HTTP: within its limits, with every exchange kept, and no guess in between.

A call has one of three ends: an answer, not sent at all, or unknown. What an answer means is decided by the platform's
own module, which reads the body; nothing here knows a status code but 429 and 503's Retry-After, and 401 where an
authorisation can be renewed.
"""

from dealbooks.http.addresses import check_addresses
from dealbooks.http.budget import Budget, BudgetSpent, Limit
from dealbooks.http.calls import Call, Exchange, NoReply, Reply
from dealbooks.http.connection import Connection
from dealbooks.http.pace import Pace, RealPace
from dealbooks.http.renewal import Renewal, refused

__all__ = [
    "Budget",
    "BudgetSpent",
    "Call",
    "Connection",
    "Exchange",
    "Limit",
    "NoReply",
    "Pace",
    "RealPace",
    "Renewal",
    "Reply",
    "check_addresses",
    "refused",
]
