"""Pairing the two sides of a graph of items and lines, so that the order in which they come says nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations


def only_pairs(edges: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    """Pairs where each is the other's only best, again and again with what is left."""
    taken: list[tuple[int, int]] = []
    left = dict(edges)
    while True:
        items: dict[int, list[tuple[int, int]]] = {}
        lines: dict[int, list[tuple[int, int]]] = {}
        for (item, line), rank in left.items():
            items.setdefault(item, []).append((rank, line))
            lines.setdefault(line, []).append((rank, item))
        best_of, best_for = _only_best(items), _only_best(lines)
        found = [(item, line) for item, line in best_of.items() if best_for.get(line) == item]
        if not found:
            return sorted(taken)
        taken += found
        used_items, used_lines = {one for one, _ in found}, {one for _, one in found}
        left = {pair: rank for pair, rank in left.items() if pair[0] not in used_items and pair[1] not in used_lines}


def _only_best(choices: Mapping[int, list[tuple[int, int]]]) -> dict[int, int]:
    """Each one's best choice, where no other is as good."""
    found = {}
    for one, ranked in choices.items():
        top = max(rank for rank, _ in ranked)
        best = [other for rank, other in ranked if rank == top]
        if len(best) == 1:
            found[one] = best[0]
    return found


def several(some: Sequence[int]) -> Iterable[tuple[int, ...]]:
    """Every choice of two or more."""
    return (one for size in range(2, len(some) + 1) for one in combinations(some, size))


def components(edges: Mapping[tuple[int, int], int]) -> list[tuple[list[int], list[int]]]:
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


def interchangeable(choices: Mapping[int, list[tuple[int, ...]]]) -> list[tuple[list[int], list[tuple[int, ...]]]]:
    """Lines that have choices in common, as many as these, no two of which have an item in common, and that can be
    matched one to one."""
    graph = {(group, line): 1 for line, groups in choices.items() for group in groups}
    places = {group: index for index, group in enumerate(sorted({group for group, _ in graph}))}
    named = {index: group for group, index in places.items()}
    found = []
    for ours, lines in components({(places[group], line): 1 for group, line in graph}):
        groups = [named[one] for one in ours]
        apart = len({item for one in groups for item in one}) == sum(map(len, groups))
        if len(lines) == len(groups) and apart and _one_to_one(lines, choices):
            found.append((list(lines), groups))
    return found


def _one_to_one(lines: Sequence[int], choices: Mapping[int, list[tuple[int, ...]]]) -> bool:
    """Whether each line can have a choice of its own."""
    holder: dict[tuple[int, ...], int] = {}

    def place(line: int, tried: set[tuple[int, ...]]) -> bool:
        for group in choices[line]:
            if group not in tried:
                tried.add(group)
                if group not in holder or place(holder[group], tried):
                    holder[group] = line
                    return True
        return False

    return all(place(line, set()) for line in lines)
