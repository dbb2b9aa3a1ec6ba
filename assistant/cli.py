"""The command line, `focal`. Answers go to stdout, all else to stderr; a user's mistake is one line and exit 1."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from assistant import cli_service
from evals import cli as cli_eval

if TYPE_CHECKING:
    from assistant.answers import Answer
    from assistant.assistant import Assistant
    from assistant.bootstrap import Home
    from assistant.client import Client
    from knowledge.ingestion import Outcome

app = typer.Typer(
    name="focal",
    help="Answers from the mission's own guidance, with the paragraph they rest on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(cli_service.app)
app.add_typer(cli_eval.app)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def main() -> None:
    """Run the command line; every designed error becomes one line on stderr and exit status 1."""
    from assistant.errors import AssistantError
    from knowledge.errors import KnowledgeError

    try:
        app()
    except (AssistantError, KnowledgeError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("stopped")
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}")


def _fail(message: str) -> NoReturn:
    print(f"focal: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(1)


@contextmanager
def _home(damaged: bool = False) -> Iterator[Home]:
    from assistant import settings
    from assistant.bootstrap import open_home

    home = open_home(settings.load(), "focal " + " ".join(sys.argv[1:2]), _say, damaged)
    try:
        yield home
    finally:
        home.close()


@contextmanager
def _assistant() -> Iterator[Assistant]:
    """An assistant; where the index is empty the starter notes are taken in first."""
    from assistant.bootstrap import assistant_for
    from assistant.loading import load_starter_notes

    with _home() as home:
        if home.store.register.is_empty():
            _say("the index is empty: taking in the starter notes")
            load_starter_notes(home)
        yield assistant_for(home)


def _server() -> Client | None:
    """The server that holds the index, to be asked instead of opening it; None where none runs."""
    from assistant import client, settings

    return client.running(settings.load())


def _say(line: str) -> None:
    print(line, file=sys.stderr)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders to take in.")] = None,
    classification: Annotated[str, typer.Option(help="The level you vouch for.")] = "unclassified",
    starter: Annotated[bool, typer.Option("--starter", help="Take in the starter notes.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Write the vector store again from the register.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Encode every passage again with the set embedding.")
    ] = False,
) -> None:
    """Take documents in: incremental, atomic per document. Exit 1 if any file failed, naming it and why."""
    from knowledge.documents import Classification

    try:
        level = Classification(classification)
    except ValueError:
        _fail(f"--classification {classification}: use one of {', '.join(Classification)}")
    if not (paths or starter or repair or rebuild):
        _fail("nothing to take in: name files or folders, or use --starter")
    server = _server()
    if server is not None:
        if repair or rebuild:
            _fail("--repair and --rebuild need the index to themselves: stop the server first")
        failed = _show(lambda found: _ingest_by(server, found, paths or [], level, starter))
        sys.exit(1 if failed else 0)
    with _home(damaged=repair or rebuild) as home:
        if repair or rebuild:
            from knowledge.ingestion import check_embedding, re_encode
            from knowledge.ingestion import repair as repair_index

            (re_encode if rebuild else repair_index)(home.store)
            check_embedding(home.store.register, home.store.embedding)
            _say("the vector store agrees with the register again")
        failed = _load(home, paths or [], level, starter)
    if failed:
        sys.exit(1)


def _load(home: Home, paths: list[Path], level: Any, starter: bool) -> bool:
    """Take files in; True if any failed."""
    from assistant.bootstrap import NOTES
    from assistant.loading import load

    def outcomes(found: Callable[[int], None]) -> Iterator[Outcome]:
        if starter:
            yield from load(home, [NOTES], level, found, starter=True)
        if paths:
            yield from load(home, paths, level, found)

    return _show(outcomes)


def _ingest_by(
    server: Client, found: Callable[[int], None], paths: list[Path], level: str, starter: bool
) -> Iterator[Outcome]:
    for said in server.ingest(paths, level, starter):
        if isinstance(said, int):
            found(said)
        else:
            yield said


def _show(run: Callable[[Callable[[int], None]], Iterator[Outcome]]) -> bool:
    """Show an ingestion with a progress bar and a closing table; True if any file failed."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from assistant import terminal

    outcomes: list[Outcome] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=terminal.err, transient=True) as progress:
        task = progress.add_task("reading", total=None)
        for outcome in run(lambda count: progress.update(task, total=len(outcomes) + count)):
            outcomes.append(outcome)
            progress.update(task, advance=1, description=terminal.safe(outcome.path.name)[:40])
    if outcomes:
        terminal.err.print(terminal.outcomes_table(outcomes))
    bad = [o for o in outcomes if o.state in ("failed", "quarantined")]
    for outcome in bad:
        _say(f"focal: {terminal.safe(str(outcome.path))}: {outcome.reason}")
    return bool(bad)


@app.command()
def documents(as_json: Json = False) -> None:
    """Show the register."""
    from dataclasses import asdict

    from rich.console import Console

    from assistant import terminal

    server = _server()
    if server is not None:
        found = server.documents()
    else:
        with _home() as home:
            found = home.store.register.all_documents()
    if as_json:
        print(json.dumps([asdict(d) for d in found], ensure_ascii=False, indent=1))
    else:
        Console(width=terminal.width_for_pipes(), highlight=False).print(terminal.documents_table(found))


@app.command()
def remove(document_id: Annotated[str, typer.Argument(help="Id as `focal documents` shows it.")]) -> None:
    """Erase a document: from answers at once, and its bytes from the files."""
    from knowledge import ingestion

    server = _server()
    if server is not None:
        server.remove(document_id)
    else:
        with _home() as home:
            ingestion.remove(home.store, document_id)
    _say(f"removed {document_id}")


@app.command(name="set")
def set_metadata(
    document_id: Annotated[str, typer.Argument(help="Id as `focal documents` shows it.")],
    changes: Annotated[list[str], typer.Argument(help="field=value, such as standing=superseded superseded_by=ID")],
) -> None:
    """Change what the register says of a document; an empty value clears a field."""
    from assistant.changes import parse_changes
    from knowledge import ingestion

    server = _server()
    if server is not None:
        server.change(document_id, changes)
    else:
        with _home() as home:
            ingestion.change(home.store, document_id, parse_changes(changes, home))
    _say(f"{document_id}: {', '.join(changes)}")


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in your own words.")] = None,
    as_json: Json = False,
    role: Annotated[str | None, typer.Option(help="Ask as the holder of this role.")] = None,
    document: Annotated[list[str] | None, typer.Option(help="Only these documents (repeatable).")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only documents from this date on (YYYY, YYYY-MM or YYYY-MM-DD).")
    ] = None,
    batch: Annotated[Path | None, typer.Option(help="JSON Lines of {id, question, history}.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers of a batch go.")] = None,
) -> None:
    """Ask a question, or a batch of them."""
    from assistant import asking, operations, settings
    from assistant.surfaces import Surface
    from knowledge.access import PUBLIC

    filters = asking.filters(document or [], since)
    server = _server()
    if batch is not None:
        if out is None:
            _fail("--batch needs --out FILE")
        if server is not None:
            by = server
            asking.write_batch(
                lambda line: by.ask(line.question, line.history, role, filters, passages=True), batch, out, _say
            )
            return
        with _assistant() as assistant:
            asking.answer_batch(assistant, batch, out, role, filters, _say)
        return
    if not question:
        _fail('ask what? focal ask "QUESTION"')
    if server is not None:
        print(asking.shown(server.ask(question, (), role, filters), as_json))
        return
    with _assistant() as assistant:
        answer = asking.answer_one(assistant, question, role, filters)
    print(asking.shown(answer.as_dict(), as_json))
    operations.keep(settings.load(), answer, Surface.CLI, PUBLIC, say=_say)


@app.command()
def brief(
    role: Annotated[str, typer.Argument(help="A role as `focal roles` lists it.")],
    form: Annotated[str, typer.Option("--format", help="text, markdown, html, docx or json.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Where the briefing goes; otherwise it is printed.")] = None,
) -> None:
    """Compose the briefing for a role from the loaded documents."""
    from assistant import settings
    from assistant.roles import command, roles

    known = roles.load_roles(settings.load().folder)
    found = roles.find_role(role, known)
    command.check_format(form, out)
    server = _server()
    if server is not None:
        text = command.write(server.briefing(found.id), form, out)
    else:
        with _assistant() as assistant:
            text = command.brief(assistant, role, known, form, out)
    if text is None:
        _say(f"written to {out}")
    else:
        print(text)


@app.command(name="roles")
def list_roles() -> None:
    """List the roles that can be briefed."""
    from assistant import settings
    from assistant.roles import command, roles

    print(command.roles_text(roles.load_roles(settings.load().folder)))


@app.command()
def glossary(
    abbreviation: Annotated[str | None, typer.Argument(help="Only this one.")] = None, as_json: Json = False
) -> None:
    """Show every abbreviation with all its expansions and where each stands."""
    from assistant import abbreviations
    from knowledge.access import PUBLIC

    server = _server()
    if server is not None:
        found = server.glossary()
    else:
        with _assistant() as assistant:
            found = abbreviations.entries(assistant.register, assistant.retriever.glossary(PUBLIC), PUBLIC)
    if abbreviation is not None:
        found = abbreviations.only(found, abbreviation)
    print(abbreviations.to_json(found) if as_json else abbreviations.to_text(found))


@app.command(name="mcp")
def serve_mcp() -> None:
    """Speak the Model Context Protocol on standard input and output: ask, search and read_paragraph."""
    from assistant import mcp_server, operations, settings
    from assistant.surfaces import Surface

    server = _server()
    if server is not None:
        mcp_server.serve(mcp_server.ServerTools(server))
        return
    with _assistant() as assistant:
        chosen = settings.load()
        asker = mcp_server.asker_of(chosen)

        def keep(answer: Answer, history: Sequence[str]) -> None:
            operations.keep(chosen, answer, Surface.MCP, asker, history, say=_say)

        mcp_server.serve(mcp_server.Tools(assistant, asker, keep))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; other than loopback needs keys.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
) -> None:
    """Answer over HTTP, on the web page and, where a bot token is set, in Slack, until stopped."""
    from assistant import settings
    from assistant.api.server import serve as serve_http
    from bot.serving import SlackCompanion

    chosen = settings.load()
    serve_http(chosen, host, port, companion=SlackCompanion() if chosen.slack_bot_token else None)


@app.command()
def doctor() -> None:
    """Check the index, the model, the disk and the settings, and say what to do."""
    from itertools import chain

    from assistant.doctor import checks
    from bot.doctor import checks as slack_checks

    failed = False
    for check in chain(checks(), slack_checks()):
        failed = failed or not check.ok
        print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
