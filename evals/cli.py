"""The command `focal eval`: options in, one of the functions of `evals.command` out."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
EXTRA = ("ir_measures", "langchain_chroma", "langchain_text_splitters", "scipy")
"""Modules of the evals extra."""


class Half(StrEnum):
    """Which half of a suite is measured."""

    ALL = "all"
    DEV = "dev"
    TEST = "test"


@app.command(name="eval")
def evaluate(
    suite: Annotated[
        str,
        typer.Argument(help="starter, roles, corpus, pairs, fresh, unseen, natural, a .jsonl file, or draft-cases."),
    ] = "starter",
    baseline: Annotated[bool, typer.Option("--baseline", help="Compare with the accepted run and gate.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Make this run the accepted one.")] = False,
    report: Annotated[Path | None, typer.Option(help="Folder for the HTML report and the run.")] = None,
    half: Annotated[Half, typer.Option(help="Test is the half held out when things are fitted.")] = Half.ALL,
    compare: Annotated[
        tuple[str, str] | None, typer.Option(help="Two configurations side by side, such as tutorial focal.")
    ] = None,
    beir: Annotated[Path | None, typer.Option(help="A folder in BEIR layout: retrieval alone.")] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Also ask as people type: misspelt and so on.")
    ] = False,
    judge: Annotated[bool, typer.Option("--judge", help="Also ask the set chat model for its opinion.")] = False,
    corpus: Annotated[Path | None, typer.Option(help="Where the corpus suite's documents are.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where draft-cases writes, else to drafts.jsonl.")] = None,
) -> None:
    """Measure answers on a suite of cases, and say whether they got better."""
    from assistant import settings as settings_module
    from assistant.errors import SettingsError

    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise SettingsError(f"{missing[0]} is missing: install the evals extra (`pip install -e '.[evals]'`)")
    from evals import command
    from evals.cases import CaseError
    from evals.suites import needs_corpus

    gating = {"--baseline": baseline, "--accept": accept, "--robustness": robustness, "--judge": judge}
    measuring = {**gating, "--half": half is not Half.ALL, "--report": report is not None}
    if beir is not None:
        _refuse("--beir", {**measuring, "--compare": compare is not None, f"the suite {suite}": suite != "starter"})
    elif suite == "draft-cases":
        _refuse("draft-cases", {**measuring, "--compare": compare is not None})
    elif compare is not None:
        _refuse("--compare", gating)
    if corpus is not None:
        _refuse("--corpus", {"--beir": beir is not None, f"the suite {suite}": not needs_corpus(suite)})
    if suite != "draft-cases":
        _refuse("measuring", {"--out": out is not None})

    settings = settings_module.load()
    folder = corpus or command.CORPUS
    try:
        if beir is not None:
            status = command.run_beir(settings, beir)
        elif suite == "draft-cases":
            from assistant.answer_log import AnswerLog

            status = command.draft_cases(
                AnswerLog(settings.folder / "answers.sqlite3").rows(), out or Path("drafts.jsonl")
            )
        elif compare is not None:
            status = command.compare_configurations(
                settings,
                compare,
                suite,
                half=half.value,
                report=report,
                corpus=folder,
            )
        else:
            status = command.run_eval(
                settings,
                suite,
                half=half.value,
                baseline=baseline,
                accept=accept,
                report=report,
                with_robustness=robustness,
                ask_judge=command.chat_model_judge(settings) if judge else None,
                corpus=folder,
            )
    except CaseError as error:
        raise SettingsError(str(error)) from None
    raise typer.Exit(status)


def _refuse(mode: str, others: Mapping[str, bool]) -> None:
    """Raise SettingsError if options are given that have no part in this way of calling."""
    from assistant.errors import SettingsError

    given = [option for option, is_given in others.items() if is_given]
    if given:
        raise SettingsError(f"{mode} does not go with {', '.join(given)}: leave one of them out")
