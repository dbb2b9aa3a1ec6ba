"""The commands around the service: keys, gaps, forget, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import SettingsError

app = typer.Typer()
keys_app = typer.Typer(help="API keys: make, list and revoke them.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(keys_app, name="keys")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.command()
def gaps(as_json: Json = False) -> None:
    """Show what could not be answered, questions that ask for the same together."""
    from assistant import operations, settings

    print(operations.gaps_text(settings.load(), as_json))


@app.command()
def forget(
    asker: Annotated[str | None, typer.Option(help="Pseudonym, as the logs show it.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Conversation id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole answer log.")] = False,
) -> None:
    """Erase answers from the log, with their feedback and what conversations remember."""
    from assistant import operations, settings

    if not (asker or conversation or everything):
        raise SettingsError("forget what? --asker PSEUDONYM, --conversation ID or --all")
    typer.echo(f"{operations.forget(settings.load(), asker, conversation)} answers forgotten", err=True)


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="File, or folder for a dated file.")]) -> None:
    """Write register, answer log and keys into one file; safe while a server runs."""
    from assistant import settings
    from assistant.backup import backup as make

    print(make(settings.load(), target))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="File that `focal backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Even if FOCAL_HOME holds documents.")] = False,
) -> None:
    """Bring FOCAL_HOME back to a backup."""
    from assistant import settings
    from assistant.backup import restore as bring_back

    typer.echo(f"{bring_back(settings.load(), source, replace)} documents restored", err=True)


@keys_app.command(name="add")
def add_key(
    label: Annotated[str, typer.Argument(help="What the key is for; no person's name.")],
    clearance: Annotated[str, typer.Option(help="Highest level it reads.")] = "unclassified",
    group: Annotated[list[str] | None, typer.Option(help="Audience group (repeatable).")] = None,
    manager: Annotated[bool, typer.Option("--manager", help="May take documents in and remove them.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
) -> None:
    """Make a key. It is printed once and kept as a hash only."""
    from assistant import operations, settings

    key, secret = operations.add_key(settings.load(), label, clearance, group or [], manager, days)
    typer.echo(f"key {key.id}: {key.clearance}{', manager' if manager else ''}; it cannot be shown again", err=True)
    print(secret)


@keys_app.command(name="list")
def list_keys(as_json: Json = False) -> None:
    """Show every key, without its secret."""
    from assistant import operations, settings

    print(operations.keys_text(settings.load(), as_json))


@keys_app.command(name="revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="Id as `focal keys list` shows it.")]) -> None:
    """Make a key worthless at once, on a running server too."""
    from assistant import operations, settings

    operations.key_store(settings.load()).revoke(key_id)
    typer.echo(f"revoked {key_id}", err=True)
