"""XML of others as a tree: no entities, no document types, no network, bounded in size, depth and number of elements.

defusedxml refuses what makes an XML bomb; what it lets through is counted here as it is read.
"""

from __future__ import annotations

import io
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from dealbooks.bank.model import Unreadable

_DEEPEST = 64
_MOST_ELEMENTS = 8_000_000


def read_xml(data: bytes, file: str) -> Element:
    """The root element; names lose their namespace.

    Raises:
        Unreadable: it is not XML, declares entities or a document type, or is deeper or larger than a statement is.
    """
    depth = count = 0
    root: Element | None = None
    try:
        for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
            if event == "end":
                depth -= 1
                continue
            depth, count = depth + 1, count + 1
            root = element if root is None else root
            if depth > _DEEPEST or count > _MOST_ELEMENTS:
                raise Unreadable(f"{file} is no statement: its XML is too deep or too large.", fix="Export it again.")
            element.tag = element.tag.rpartition("}")[2]
    except DefusedXmlException as error:
        raise Unreadable(
            f"{file} declares a document type or entities, which no bank's statement does; it was not read.",
            fix="Ask where the file comes from, and export it again from the bank.",
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        raise Unreadable(f"{file} is not whole XML: {error}.", fix="Export it again.") from error
    if root is None:
        raise Unreadable(f"{file} is empty.", fix="Export it again.")
    return root


def text_at(element: Element, *paths: str) -> str:
    """The text at the first of these paths that has one."""
    for path in paths:
        found = element.find(path)
        if found is not None and found.text and found.text.strip():
            return found.text.strip()
    return ""
