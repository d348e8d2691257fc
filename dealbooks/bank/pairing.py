"""Pairing the two sides of a graph of items and lines, so that the order in which they come says nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations


def only_pairs(edges: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    """Pairs where each is the other's only best, again and again with what is left.

    Whoever is another's only best stays so until one of the two is taken, so it does not matter which goes first, and
    only the neighbours of who was taken need to be looked at again.
    """
    items: dict[int, dict[int, int]] = {}
    lines: dict[int, dict[int, int]] = {}
    for (item, line), rank in edges.items():
        items.setdefault(item, {})[line] = rank
        lines.setdefault(line, {})[item] = rank
    taken: list[tuple[int, int]] = []
    open_ = sorted(items, reverse=True)
    while open_:
        item = open_.pop()
        chosen = _only_best(items.get(item, {}))
        if chosen is None or _only_best(lines[chosen]) != item:
            continue
        taken.append((item, chosen))
        for line in items.pop(item):
            lines[line].pop(item)
            best = _only_best(lines[line]) if line != chosen else None
            open_ += [best] if best is not None else []
        for other in lines.pop(chosen):
            items[other].pop(chosen)
            open_.append(other)
    return sorted(taken)


def _only_best(choices: Mapping[int, int]) -> int | None:
    """The best choice, where no other is as good."""
    top = max(choices.values(), default=0)
    best = [other for other, rank in choices.items() if rank == top]
    return best[0] if len(best) == 1 else None


def several(some: Sequence[int]) -> Iterable[tuple[int, ...]]:
    """Every choice of two or more."""
    return (one for size in range(2, len(some) + 1) for one in combinations(some, size))


def components(edges: Iterable[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    """The parts of a graph of items and lines that hang together, each side in its order."""
    of_item: dict[int, list[int]] = {}
    of_line: dict[int, list[int]] = {}
    for item, line in edges:
        of_item.setdefault(item, []).append(line)
        of_line.setdefault(line, []).append(item)
    found, seen = [], set()
    for start in sorted(of_item):
        if start in seen:
            continue
        items, lines, open_ = {start}, set(), [start]
        while open_:
            for line in of_item[open_.pop()]:
                if line not in lines:
                    lines.add(line)
                    fresh = [one for one in of_line[line] if one not in items]
                    items.update(fresh)
                    open_ += fresh
        seen |= items
        found.append((sorted(items), sorted(lines)))
    return found
