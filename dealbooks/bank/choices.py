"""Lines that each have a choice of several items together (a wire, a batch): which choices are sure. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dealbooks.bank.pairing import components

Group = tuple[int, ...]  # items, in their order


def sure_choices(found: Mapping[int, Sequence[Group]]) -> list[tuple[list[int], list[Group]]]:
    """Those choices that nothing else needs a part of, as lines and the groups that they are: a line with one choice
    goes before lines that have another, until nothing more is sure. Lines that all have the same choices, as many as
    they are, come to the same as these together: which is which need not be known."""
    choices = {line: sorted(set(groups)) for line, groups in sorted(found.items())}
    done: list[tuple[list[int], list[Group]]] = []
    while True:
        holding = _holding(choices)
        sure = [
            ([line], groups) for line, groups in choices.items()
            if len(groups) == 1 and _alone([line], choices, holding)
        ]  # fmt: skip
        sure = sure or [one for one in _interchangeable(choices) if _alone(one[0], choices, holding)]
        if not sure:
            return done
        taken: set[int] = set()
        for lines, groups in sure:
            items = {item for group in groups for item in group}
            if taken.isdisjoint(items):
                done.append((lines, groups))
                taken |= items
            for line in lines:
                del choices[line]
        choices = {
            line: left for line, groups in choices.items() if (left := [one for one in groups if taken.isdisjoint(one)])
        }


def _holding(choices: Mapping[int, Sequence[Group]]) -> dict[int, list[int]]:
    """Item -> the lines that have it among their choices."""
    found: dict[int, list[int]] = {}
    for line, groups in choices.items():
        for item in sorted({item for group in groups for item in group}):
            found.setdefault(item, []).append(line)
    return found


def _alone(
    lines: Sequence[int], choices: Mapping[int, Sequence[Group]], holding: Mapping[int, Sequence[int]]
) -> bool:  # fmt: skip
    """Whether every other line that could be a part of what some lines choose has a choice beside it."""
    wanted = {item for line in lines for group in choices[line] for item in group}
    mine = set(lines)
    return all(
        other in mine or any(wanted.isdisjoint(group) for group in choices[other])
        for item in sorted(wanted) for other in holding[item]
    )  # fmt: skip


def _interchangeable(choices: Mapping[int, Sequence[Group]]) -> list[tuple[list[int], list[Group]]]:
    """Lines that have choices in common, as many as these, no two of which have an item in common, and that can be
    matched one to one."""
    graph = [(group, line) for line, groups in choices.items() for group in groups]
    named = sorted({group for group, _ in graph})
    places = {group: index for index, group in enumerate(named)}
    found = []
    for ours, lines in components((places[group], line) for group, line in graph):
        groups = [named[one] for one in ours]
        apart = len({item for one in groups for item in one}) == sum(map(len, groups))
        if len(lines) == len(groups) and apart and _one_to_one(lines, choices):
            found.append((list(lines), groups))
    return found


def _one_to_one(lines: Sequence[int], choices: Mapping[int, Sequence[Group]]) -> bool:
    """Whether each line can have a choice of its own."""
    holder: dict[Group, int] = {}

    def place(line: int, tried: set[Group]) -> bool:
        for group in choices[line]:
            if group not in tried:
                tried.add(group)
                if group not in holder or place(holder[group], tried):
                    holder[group] = line
                    return True
        return False

    return all(place(line, set()) for line in lines)
