"""XML-RPC with amounts as Decimal: the standard library's reader and writer, told about numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xmlrpc.client import ExpatParser, Fault, Marshaller, Unmarshaller


class _Reader(Unmarshaller):
    dispatch = dict(Unmarshaller.dispatch)

    def end_decimal(self, data: str) -> None:
        self.append(Decimal(data))
        self._value = False


_Reader.dispatch["double"] = _Reader.end_decimal  # type: ignore[assignment]
_Reader.dispatch["float"] = _Reader.end_decimal  # type: ignore[assignment]


class _Writer(Marshaller):
    dispatch = dict(Marshaller.dispatch)

    def dump_decimal(self, value: Decimal, write: Callable[[str], object]) -> None:
        text = format(value, "f")
        write(f"<value><double>{text if '.' in text else text + '.0'}</double></value>\n")


_Writer.dispatch[Decimal] = _Writer.dump_decimal  # type: ignore[assignment,index]


def parsed(body: bytes) -> tuple[str, tuple[Any, ...]]:
    """A call's method and arguments."""
    reader = _Reader(use_builtin_types=True)
    parser = ExpatParser(reader)
    parser.feed(body)
    parser.close()
    return str(reader.getmethodname()), tuple(reader.close())


def answer(value: Any, *, null: bool) -> bytes:
    """A result, or a Fault.

    Raises:
        TypeError: the result is nothing, and `null` does not allow that.
    """
    writer = _Writer(encoding="utf-8", allow_none=null)
    text = writer.dumps(value if isinstance(value, Fault) else (value,))
    return f"<?xml version='1.0'?>\n<methodResponse>\n{text}</methodResponse>\n".encode()
