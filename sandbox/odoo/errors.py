"""What the server refuses with: the exception's name, its words, and the HTTP status that JSON-2 gives it."""

from __future__ import annotations

from typing import Any


class OdooError(Exception):
    """A refusal. `name` is the exception as the server names it; `arguments` are its arguments."""

    def __init__(self, name: str, message: str, status: int, arguments: tuple[Any, ...] | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.status = status
        self.arguments = (message,) if arguments is None else arguments

    def body(self) -> dict[str, Any]:
        """As JSON-2 answers it, and as `error.data` of JSON-RPC."""
        return {
            "name": self.name,
            "message": self.message,
            "arguments": list(self.arguments),
            "context": {},
            "debug": f"Traceback (most recent call last):\n{self.name}: {self.message}\n",
        }


def user_error(message: str) -> OdooError:
    """A rule of the business."""
    return OdooError("odoo.exceptions.UserError", message, 422)


def validation_error(message: str) -> OdooError:
    """A constraint."""
    return OdooError("odoo.exceptions.ValidationError", message, 422)


def access_error(message: str) -> OdooError:
    """Not allowed."""
    return OdooError("odoo.exceptions.AccessError", message, 403)


def access_denied() -> OdooError:
    """Wrong login, password or key."""
    return OdooError("odoo.exceptions.AccessDenied", "Access Denied", 403)


def missing_error(model: str, number: int, uid: int) -> OdooError:
    """A record that is not there."""
    text = f"Record does not exist or has been deleted.\n(Record: {model}({number},), User: {uid})"
    return OdooError("odoo.exceptions.MissingError", text, 404)


def value_error(message: str) -> OdooError:
    """A value that Python itself refuses: the server does not dress it up."""
    return OdooError("builtins.ValueError", message, 500)


def http_error(kind: str, message: str, status: int) -> OdooError:
    """An error of the web layer."""
    return OdooError(f"werkzeug.exceptions.{kind}", message, status, (message, status))


def not_found(message: str) -> OdooError:
    """No such model or method."""
    return http_error("NotFound", message, 404)


def unprocessable(message: str) -> OdooError:
    """Arguments that do not fit the method."""
    return http_error("UnprocessableEntity", message, 422)


def concurrent_update() -> OdooError:
    """Two transactions wanted the same row, and the server's own retries did not help."""
    text = "could not serialize access due to concurrent update\n"
    return OdooError("psycopg2.errors.SerializationFailure", text, 500)


def duplicate_key(index: str, fields: str, values: str) -> OdooError:
    """A unique index of the database said no."""
    return validation_error(
        f'The operation cannot be completed: duplicate key value violates unique constraint "{index}"\n'
        f"DETAIL:  Key ({fields})=({values}) already exists.\n"
    )


def foreign_key(model_label: str, model: str, field_label: str, field: str) -> OdooError:
    """A reference to a record that is not there (the server words it as if somebody deleted it)."""
    return validation_error(
        "The operation cannot be completed: Another model is using the record you are trying to delete.\n\n"
        f"The troublemaker is: '{model_label}' ({model})\n"
        f"Thanks to the following constraint: '{field_label}' ({field})\n"
        "How about archiving the record instead?"
    )
