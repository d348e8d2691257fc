"""From `block: kind/name` in dealbooks.yaml to the settings that a Prefect block document holds.

The House imports this only when a connection names a block, so that everything else runs without Prefect.
"""

from __future__ import annotations

from typing import Any, cast

import httpx

from blocks.bases import SettingsBlock
from blocks.register import BLOCKS
from dealbooks.errors import ConfigError, StopConnection


def resolve(reference: str) -> dict[str, Any]:
    """The settings of a block document, by `kind/name` (`beancount/northgate`). Secrets are in clear: never log it.

    Raises:
        ConfigError: the reference is not of that form, or there is no such block.
        StopConnection: the Prefect server does not answer.
    """
    kind, _, name = reference.partition("/")
    known = {block.get_block_type_slug(): block for block in BLOCKS}
    if not name or kind.replace("_", "-") not in known:
        raise ConfigError(
            f"block: {reference} is not the name of a connection.",
            fix=f"Write it as kind/name, where kind is one of {', '.join(sorted(known))}.",
        )
    block_class = known[kind.replace("_", "-")]
    try:
        block = block_class.load(name, _sync=True)  # type: ignore[call-arg]
    except ValueError as error:
        raise ConfigError(
            f"Prefect has no block {reference}.",
            fix="Make it in the Prefect UI under Blocks, or correct the name after 'block:' in dealbooks.yaml.",
        ) from error
    except httpx.HTTPError as error:
        raise StopConnection(
            f"The connection {reference} is kept in Prefect, which does not answer.",
            fix="Start it with 'dealbooks up', or set PREFECT_API_URL to where it runs.",
        ) from error
    except RuntimeError as error:  # a document of an older release that lacks a field
        raise ConfigError(
            f"The block {reference} was saved by another release and does not fit this one.",
            fix="Open it in the Prefect UI, fill what is missing and save it again.",
        ) from error
    return cast(SettingsBlock, block).settings()
