"""`hooks`: where platforms send what they tell about deals, and trying that out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session, Switch

if TYPE_CHECKING:
    from dealbooks.config import Config
    from dealbooks.config_told import HookConfig

# Where `dealbooks up` has the gateway answer on this machine.
LOCAL = "http://127.0.0.1:4280"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Webhooks: where platforms tell about deals.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("send")(send)
    app.add_typer(group, name="hooks")


def listed(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show where each platform is to send its webhooks, and how to try that.

    A platform that signs nothing sends to an address that ends with a secret; it is not shown."""
    config = Session.of(context).config()
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "scheme": hook.scheme,
            "source": hook.source,
            "send_to": hook.url or f"https://YOUR-GATEWAY/hooks/{name}{_tail(hook, '<SECRET>')}",
            "secrets": len(hook.secrets),
            "try": f"dealbooks hooks send {name} --sample",
        }
        for name, hook in config.hooks.items()
    ]
    if as_json:
        output.say_json(found)
        return
    if not found:
        output.say("No webhooks are set. Add them under hooks: in dealbooks.yaml (docs/configuration.md).")
        return
    output.table(
        ["name", "scheme", "source", "send to", "secrets", "try"],
        [[one[key] for key in ("name", "scheme", "source", "send_to", "secrets", "try")] for one in found],
    )
    output.say(f"YOUR-GATEWAY is the public name that leads to the gateway on this machine ({LOCAL}).")


def send(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Name of the webhook, as `dealbooks hooks list` has it.")],
    sample: Annotated[Switch, typer.Option("--sample", help="Send an event about a deal that there is not.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Send the body that this file holds.")
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help=f"Address of the gateway, or of the webhook; by default {LOCAL}.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Send a webhook as its platform would, signed with the first secret of dealbooks.yaml.

    A sample goes all the way into the store, marked as one, and touches no deal."""
    from dealbooks.errors import StopConnection, UsageError

    if sample == (file is not None):
        raise UsageError("Say what to send.", fix="Give either --sample or --file FILE.")
    hook = _hook(Session.of(context).config(), source)
    status, said = _post(source, hook, file, to)
    if not 200 <= status < 300:
        raise StopConnection(
            f"The gateway answered {status}: {said}",
            fix="400: compare the body with what the platform sends. 401: compare the secrets and the clocks. "
            "404: compare the name. 503: run 'dealbooks doctor'.",
        )
    if as_json:
        output.say_json({"name": source, "status": status, "answer": said})
        return
    output.say(f"{source}: the gateway answered {status}: {said}")


def _post(name: str, hook: HookConfig, file: Path | None, to: str) -> tuple[int, str]:
    """Post a body signed now; the status and the text of the answer."""
    import logging
    from datetime import UTC, datetime
    from importlib import import_module

    import httpx

    from dealbooks.errors import StopConnection, UsageError

    scheme: Any = import_module("gateway.schemes").SCHEMES[hook.scheme]
    now, secret = datetime.now(UTC), hook.secrets[0] if hook.secrets else ""
    try:
        body: bytes = file.read_bytes() if file is not None else scheme.sample(hook, now)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.", fix="Name a file that is there.") from error
    headers = {"Content-Type": scheme.content_type} | scheme.sign(body, hook, secret, now)
    # httpx tells the address of every call, which may hold the secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    address = to if "/hooks/" in to else f"{(to or LOCAL).rstrip('/')}/hooks/{name}{_tail(hook, secret)}"
    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=30)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StopConnection(
            f"There is no gateway at {to or LOCAL} ({type(error).__name__}).",
            fix="Start it with 'dealbooks up', or name its address with --to.",
        ) from error
    return answer.status_code, answer.text


def _tail(hook: HookConfig, secret: str) -> str:
    """What follows the name in the address of a sender that signs nothing."""
    from importlib import import_module

    by_address: bool = import_module("gateway.schemes").SCHEMES[hook.scheme].by_address
    return f"/{secret}" if by_address and hook.secrets else ""


def _hook(config: Config, name: str) -> HookConfig:
    from dealbooks.errors import UsageError

    if name not in config.hooks:
        known = ", ".join(sorted(config.hooks)) or "none"
        raise UsageError(f"There is no webhook called {name!r}; there is {known}.", fix="See dealbooks hooks list.")
    return config.hooks[name]
