"""The assistant beside the tutorial pipeline on every suite, by type of case: what `evals/results.md` shows.

python -m evals.results        measures both and writes the page anew (minutes; needs ../shared for most suites)
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from assistant import settings as configuration
from evals import command
from evals.compare import Change, Comparison, compare
from evals.metrics import Figure, holm, p_value
from evals.run import Run, load_run
from evals.scoring import METRICS
from evals.terminal import interval, share

PAGE = Path(__file__).with_name("results.md")
SUITES = ("starter", "corpus", "unseen", "natural")
PEER, OWN = "tutorial", "focal"
BY_TYPE = ("nugget_recall", "evidence@5", "correct_refusal")
HEAD = f"""# What is measured, beside what a developer would write first

`{PEER}` is the pipeline of most tutorials (`peers/{PEER}.py`: splitter 1000/200, the same embedding model, Chroma, the
first four passages cut to as many words as `{OWN}` answers with); it cites nothing and refuses nothing. In %, with 95 %
intervals; differences are paired by case, with the p of a randomisation test (by type corrected for all types, Holm).
Written by `python -m evals.results`; what each suite is for stands in the README under Measuring.
"""


def tables(suite: str, before: Run, after: Run) -> Iterator[str]:
    """The Markdown of one suite: all figures, then by type."""
    comparison = compare(before, after)
    yield f"## {suite}: {len(after.results)} cases, {after.conditions.started[:10]}"
    yield _table(["", PEER, OWN, "difference", "p", "n"], _rows(before, after, comparison))
    for metric in BY_TYPE:
        yield f"{METRICS[metric].label} by type"
        yield _table(["type", PEER, OWN, "difference", "p", "n"], _type_rows(metric, before, after))


def _type_rows(metric: str, before: Run, after: Run) -> list[list[str]]:
    runs = {name: (_only(before, name), _only(after, name)) for name in after.types() if after.figure(metric, name).n}
    changes = {name: change for name, pair in runs.items() if (change := compare(*pair).change(metric))}
    corrected = holm({name: change.difference.p for name, change in changes.items()})
    return [[name, *_cells(metric, *pair, changes.get(name), corrected.get(name))] for name, pair in runs.items()]


def _rows(before: Run, after: Run, comparison: Comparison) -> list[list[str]]:
    named = [(name, metric) for name, metric in METRICS.items() if after.figure(name).n]
    return [[metric.label, *_cells(name, before, after, comparison.change(name))] for name, metric in named]


def _cells(metric: str, before: Run, after: Run, change: Change | None, p: float | None = None) -> list[str]:
    unit = METRICS[metric].unit
    figures = [_shown(run.figure(metric), unit) for run in (before, after)]
    if change is None:
        return [*figures, "", "", str(after.figure(metric).n)]
    moved = change.difference
    difference = f"{share(moved.value, unit, True)} {interval(moved.low, moved.high, unit, True)}"
    return [*figures, difference, p_value(moved.p if p is None else p).lstrip("= "), str(moved.n)]


def _only(run: Run, of_type: str) -> Run:
    return Run(conditions=run.conditions, results=[result for result in run.results if result.type == of_type])


def _shown(figure: Figure, unit: str) -> str:
    return f"{share(figure.value, unit)} {interval(figure.low, figure.high, unit)}" if figure.n else "–"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    """Measure both on every suite and write the page; nothing is written if the documents of one are not there."""
    settings, console = configuration.load(), Console(stderr=True)
    parts = [HEAD.strip()]
    for suite in SUITES:
        with tempfile.TemporaryDirectory() as folder:
            command.compare_configurations(settings, [PEER, OWN], suite, report=Path(folder), console=console)
            parts += tables(suite, *(load_run(Path(folder) / f"{name}.json") for name in (PEER, OWN)))
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
