"""What QuickBooks Online says when it does not do what it was asked to: code, message, detail, kind of fault.

Sources: Intuit's public error codes page, faults quoted in public issue threads of its SDKs, and Finance.xsd for the
kinds of fault. A text marked [R] is recalled.
"""

from __future__ import annotations

from typing import Any

INACTIVE = (
    "Something you're trying to use has been made inactive. Check the fields with accounts, customers, items, "
    "vendors or employees."
)


class Refusal(Exception):
    """The platform says no. `status` is the HTTP status of a single call; in a batch only the fault is shown."""

    def __init__(
        self, code: str, message: str, detail: str = "", *, element: str = "", kind: str = "ValidationFault",
        status: int = 400,
    ) -> None:  # fmt: skip
        super().__init__(f"{code} {message}: {detail}")
        self.code = code
        self.message = message
        self.detail = detail or message
        self.element = element
        self.kind = kind
        self.status = status

    def fault(self) -> dict[str, Any]:
        """As the platform writes it."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code}
        if self.element:
            error["element"] = self.element
        return {"Error": [error], "type": self.kind}


def missing(name: str) -> Refusal:
    """A required field is not there."""
    message = "Required param missing, need to supply the required value for the API"
    return Refusal("2020", message, f"Required parameter {name} is missing in the request", element=name)


def unsupported(name: str) -> Refusal:
    """A property that the document does not have, or a value that cannot be read."""
    message = "Request has invalid or unsupported property"
    return Refusal("2010", message, f"Property Name:{name} specified is unsupported or invalid")


def too_long(name: str, longest: int, length: int) -> Refusal:
    """A text is longer than the platform keeps."""
    return Refusal(
        "2050",
        "String length is either shorter or longer than supported by specification",
        f"String length specified does not match the supported length. Min:0 Max:{longest} supported. "
        f"Supplied length:{length}",
        element=name,
    )


def invalid_reference(path: str) -> Refusal:
    """A reference to what is not there."""
    return Refusal("2500", "Invalid Reference Id", f"Invalid Reference Id : {path}", element=path)


def inactive(code: str, path: str) -> Refusal:
    """A reference to what was made inactive: 610 or 2500, both are reported."""
    message = "Object Not Found" if code == "610" else "Invalid Reference Id"
    return Refusal(code, message, f"{message} : {INACTIVE}", element=path)


def not_found() -> Refusal:
    """The document itself is not there, or not any more."""
    return Refusal("610", "Object Not Found", f"Object Not Found : {INACTIVE}")


def stale() -> Refusal:
    """Somebody else changed the document meanwhile."""
    return Refusal(
        "5010",
        "Stale Object Error",
        "Stale Object Error : You and Office Manager were working on this at the same time. Office Manager finished "
        "before you did, so your work was not saved.",
    )


def business(detail: str, code: str = "6000", message: str = "Business Validation Error") -> Refusal:
    """A rule of the business."""
    return Refusal(code, message, f"{message}: {detail}")


def duplicate_number(number: str, kind: str, ref: str) -> Refusal:
    """The company's warning about numbers used twice is on."""
    message = "Duplicate Document Number Error"
    return Refusal(
        "6140",
        message,
        f"{message} : You must specify a different number. This number has already been used. DocNumber={number} is "
        f"assigned to TxnType={kind} with TxnId={ref}",
        element="DocNumber",
    )


def duplicate_name() -> Refusal:
    """A name is used already."""
    detail = "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
    return Refusal("6240", "Duplicate Name Exists Error", f"{detail}Please use a different name.")


def closed() -> Refusal:
    """The books are closed for that day."""
    return Refusal(
        "6210",
        "Account Period Closed, Cannot Update Through Services API",
        "The account period has closed and the account books cannot be updated through the QBO Services API. Please "
        "use the QBO website to make these changes.",
    )


def no_operation(operation: str) -> Refusal:
    """The entity does not have this operation."""
    return Refusal("500", "Unsupported Operation", f"Operation {operation} is not supported.")


def bad_query(detail: str, code: str = "4001") -> Refusal:
    """A query that cannot be read (4000) or asks for what cannot be asked for (4001)."""
    return Refusal(code, "Error parsing query" if code == "4000" else "Invalid query", detail)


def application_error(status: int = 500) -> Refusal:
    """The platform's own trouble."""
    message = "An application error has occurred while processing your request"
    detail = "System Failure Error: java.lang.NullPointerException"
    return Refusal("10000", message, detail, element="SystemFailureError", kind="SystemFault", status=status)


def throttled() -> Refusal:
    """Too many calls."""
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    return Refusal("3001", message, "The request limit was reached.  Try again later", kind="SERVICE", status=429)
