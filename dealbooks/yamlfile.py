"""Read a YAML file that people write by hand: each way in which it can be wrong is an error that names the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dealbooks.errors import ConfigError

try:  # libyaml's parser is about ten times as fast, and gives the same
    from yaml import CSafeLoader as _Safe
except ImportError:  # PyYAML was built without it
    from yaml import SafeLoader as _Safe  # type: ignore[assignment]

_DATE = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"


class _Loader(_Safe):
    """The safe loader, which also refuses a key that stands twice and says where a date is none."""

    def get_single_data(self) -> Any:
        node = self.get_single_node()
        if node is None:
            return None
        _refuse_doubled(node, set())
        return self.construct_document(node)

    def date(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value} is no day of the calendar", node.start_mark
            ) from error


_Loader.add_constructor(_DATE, _Loader.date)


def _refuse_doubled(node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_doubled(item, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[tuple[str, str], int] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            first = lines.get((key.tag, key.value))
            if first is not None:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands here and in line {first}; keep one", key.start_mark
                )
            lines[key.tag, key.value] = key.start_mark.line + 1
        _refuse_doubled(value, seen)


def parse_yaml(text: str, where: str) -> Any:
    """The content of YAML text; `where` names the file in errors.

    Raises:
        ConfigError: naming the file, the line, what is wrong there (a key that stands twice, a date that is none) and
            what to do.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(
            f"{where}{place} cannot be read: {problem}.", fix="Correct that line; the file is written in YAML."
        ) from error


def read_yaml(path: Path, *, what: str = "") -> Any:
    """The content of a YAML file; `what` says before its path what it is ("Chart of accounts ").

    Raises:
        ConfigError: as for `parse_yaml`, and when the file cannot be opened or is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{what}{path} is not UTF-8 (byte {error.start + 1}).", fix="Save it again with the encoding UTF-8."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{what}{path} cannot be read: {error.strerror or error}.", fix="Check that this user may read the file."
        ) from error
    return parse_yaml(text, f"{what}{path}")
