"""How a field map is written: the pydantic models of its YAML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from dealbooks.errors import ConfigError
from dealbooks.yamlfile import parse_yaml


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldSpec(_Strict):
    """How one field is filled: a JMESPath expression, a fixed value, or a template such as "F{index}".

    `when` is an expression that must hold; `values` translates what was found (what is not listed is left out);
    `otherwise` is used when nothing was found; `convert` replaces the conversion that the field's kind asks for.
    """

    expression: str | None = None
    value: str | int | bool | None = None
    template: str | None = None
    when: str | None = None
    values: dict[str, str] | None = None
    otherwise: str | int | bool | None = None
    convert: Literal["amount", "negative", "date", "integer", "flag", "text", "refused"] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        given = [name for name in ("expression", "value", "template") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("needs exactly one of expression, value, template")
        return self


def _spec(value: object) -> object:
    if isinstance(value, dict) and any(isinstance(item, float) for item in value.values()):
        raise ValueError("write numbers with decimals as text, such as '12.50'")
    return {"expression": value} if isinstance(value, str) else value


Spec = Annotated[FieldSpec, BeforeValidator(_spec)]


class ListSpec(_Strict):
    """Items of a list: one for each match of `each` ("@" is the record itself) for which `when` holds."""

    each: str = "@"
    when: str | None = None
    set: dict[str, Spec]


class MapFile(_Strict):
    """A map as it stands in its YAML file. `columns` names the columns behind a list: fee{index}_{field}."""

    map: str
    columns: dict[str, str] = Field(default_factory=dict)
    deal: dict[str, Spec]
    lists: dict[str, list[ListSpec]] = Field(default_factory=dict)
    said: dict[str, Spec] = Field(default_factory=dict)


def read_map(text: str, where: str) -> MapFile:
    """A map's YAML as it stands; `where` names it in errors.

    Raises:
        ConfigError: for anything but a map, and for a key that stands twice.
    """
    try:
        return MapFile.model_validate(parse_yaml(text, where))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'the file'}: {item['msg']}" for item in error.errors()
        )
        known = ", ".join(FieldSpec.model_fields)
        raise ConfigError(f"{where}: {wrong}", fix=f"A field takes an expression, or {known}.") from error


def find_map(name_or_path: str | Path) -> Path:
    """The file of a shipped map by its name, or the path itself.

    Raises:
        ConfigError: when no map has this name.
    """
    text = str(name_or_path)
    if text.endswith((".yaml", ".yml")) or "/" in text:
        return Path(text)
    shipped = Path(str(files("dealbooks").joinpath("maps")))
    path = shipped / f"{text}.yaml"
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in shipped.glob("*.yaml")))
        raise ConfigError(f"there is no map named {text}", fix=f"Use one of {known}, or the path of your own.")
    return path
