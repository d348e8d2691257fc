"""`python -m dealbooks.samples [SEEDS]`: how often each feature of the rules occurs, by region."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from dealbooks.samples.features import coverage
from dealbooks.samples.markets import REGIONS

_SEEDS = 1000


def main(seeds: int) -> None:
    """Print the table."""
    counts = {region: coverage(region, range(seeds)) for region in REGIONS}
    table = Table("feature", *REGIONS, title=f"Features in the lives of {seeds} seeds of each region")
    for name in dict.fromkeys(name for found in counts.values() for name in found):
        table.add_row(name, *(str(counts[region].get(name, "")) for region in REGIONS))
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _SEEDS)
