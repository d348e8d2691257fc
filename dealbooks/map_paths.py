"""Which paths of a record an expression reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import jmespath

# Parts that look into what stands before them: `a.b`, `a[0]`, `a[*].b`, `a[].b`, `a | b`.
_INTO = frozenset(("subexpression", "index_expression", "projection", "value_projection", "pipe"))


def paths_of(text: str) -> frozenset[str]:
    """The paths that a JMESPath expression reads, from where it is looked up: `plus(lines[0].price, fee)` reads
    `lines.price` and `fee`. Where it takes a part whole, that is the path of the part."""
    parsed = cast("dict[str, Any]", jmespath.compile(text).parsed)
    beside: set[str] = set()
    found = _read(parsed, beside)
    return frozenset(path for path in found | beside if path)


def _read(node: Mapping[str, Any], beside: set[str]) -> set[str]:
    """The paths that a node results in; what it only looks at on the way goes into `beside`."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return {str(node["value"])}
    if kind in _INTO:
        return _below(_read(children[0], beside), _inside(children[0], children[1], beside))
    if kind == "filter_projection":
        whole = _read(children[0], beside)
        beside |= _below(whole, _inside(children[0], children[2], beside))
        return _below(whole, _inside(children[0], children[1], beside))
    if kind == "flatten":
        return _read(children[0], beside)
    if kind in ("identity", "current", "index", "slice"):
        return {""}
    if kind == "function_expression":
        given = {path for one in children if one["type"] != "expref" for path in _read(one, beside)}
        for one in children:
            if one["type"] == "expref":  # &amount in sort_by(lines, &amount): looked up in the items
                beside |= _below(given, _read(one["children"][0], beside))
        return given
    return {path for child in children for path in _read(child, beside)}


def _inside(outer: Mapping[str, Any], inner: Mapping[str, Any], beside: set[str]) -> set[str]:
    """What the second half reads, as seen from the first; what it looks at on the way is seen from there too."""
    own: set[str] = set()
    found = _read(inner, own)
    if own:
        beside |= _below(_read(outer, beside), own)
    return found


def _below(outer: Iterable[str], inner: Iterable[str]) -> set[str]:
    return {".".join(part for part in (one, other) if part) for one in outer for other in inner} or set(outer)
