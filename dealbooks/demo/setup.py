"""The demo's configuration: two books on the embedded ledger, two drop folders, and what the two groups changed in the
shipped layout and field map."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from dealbooks.demo.inbox import YORK_LAYOUT, YORK_PREFIX

_CONFIG = """\
# Written by the demo: two dealer groups, each with its own book, rulebook and drop folder.
store: sqlite:///dealbooks.db
var: .

books:
  northgate:
    legal_entity: NORTHGATE-MOTORS-LTD
    name: Northgate Motors Ltd
    regime: uk
    currency: GBP
    timezone: Europe/London
    chart: uk
    rules: uk
    ledger: {platform: beancount, path: books/northgate}
    locations:
      LEEDS: {dimension: Leeds}
      YORK: {dimension: York}
    source_of_record: northgate_drop
    post_when: {all: [completed]}
  suncoast:
    legal_entity: SUNCOAST-MOTORS-LLC
    name: Suncoast Motors LLC
    regime: us
    currency: USD
    timezone: America/New_York
    chart: us
    rules: us-fl
    ledger: {platform: beancount, path: books/suncoast}
    locations:
      TAMPA: {dimension: Tampa}
      BRANDON: {dimension: Brandon}
    source_of_record: suncoast_drop
    post_when: {all: [completed]}

sources:
  northgate_drop:
    platform: csv_files
    path: inbox/northgate
    map: csv_files
    # York's new system writes semicolons and decimal commas: a layout of its own, beside the shipped ones.
    layouts: [completed_sale, completed_sale_lines, deal_events, opening_stock, YORK_FILE]
    completeness: {kind: done, fallback: manifest}
    books: {LEEDS: northgate, YORK: northgate}
  suncoast_drop:
    platform: csv_files
    path: inbox/suncoast
    map: maps/suncoast.yaml      # the shipped map, with resale certificates
    completeness: {kind: manifest, fallback: done}
    books: {TAMPA: suncoast, BRANDON: suncoast}
"""


def write_setup(folder: Path) -> Path:
    """Write dealbooks.yaml, York's layout and Suncoast's map into the folder; returns the configuration's path."""
    layout = folder / "layouts" / "york.yaml"
    field_map = folder / "maps" / "suncoast.yaml"
    for path, text in ((layout, _york_layout()), (field_map, _suncoast_map())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    config = folder / "dealbooks.yaml"
    york_file = yaml.safe_dump(str(layout.absolute()), default_style='"', width=1000).strip()
    config.write_text(_CONFIG.replace("YORK_FILE", york_file), encoding="utf-8")
    return config


def _york_layout() -> str:
    layout = _shipped("layouts", "completed_sale")
    layout |= {"layout": YORK_LAYOUT, "file_prefix": YORK_PREFIX}
    layout["csv"]["delimiter"] = "semicolon"
    layout["numbers"] |= {"decimal_sep": ",", "thousands_sep": "."}
    return "# The shipped layout completed_sale, with semicolons and decimal commas.\n" + _dumped(layout)


def _suncoast_map() -> str:
    field_map = _shipped("maps", "csv_files")
    field_map["deal"]["customer.resale_certificate"] = field_map["deal"].pop("customer.vat_number")
    return "# The shipped map csv_files; a US buyer's tax number is the resale certificate.\n" + _dumped(field_map)


def _shipped(kind: str, name: str) -> dict[str, Any]:
    text = files("dealbooks").joinpath(kind, f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _dumped(data: dict[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
