"""The run on a terminal: one verdict word, the headline with intervals, what was fixed and broken, what failed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals.compare import Change, Comparison
from evals.gates import Breach
from evals.judge import Judgement
from evals.metrics import DECIDABLE, Figure, p_value
from evals.robustness import Drop
from evals.run import Run
from evals.scoring import BLAME_WORDS, METRICS, Metric

COLOURS = {"FAIL": "red", "WORSE": "red", "MIXED": "yellow", "BETTER": "green", "PASS": "green", "SAME": "green"}
SHOWN = 10
"""Failing cases listed; the report has them all."""
WIDE = 96
"""Columns from which every figure fits."""


def verdict(breaches: Sequence[Breach], comparison: Comparison | None) -> str:
    """The one word: FAIL when a gate broke, else what the comparison says, else PASS."""
    return "FAIL" if breaches else comparison.verdict if comparison else "PASS"


def share(value: float, unit: str = "share", signed: bool = False) -> str:
    """A figure as people read it: shares in percent points with one decimal, counts as they are, NaN as a dash."""
    if value != value:
        return "–"
    shown = round(value * 100 if unit == "share" else value, 1) + 0.0  # no "-0.0"
    return f"{shown:+.1f}" if signed else f"{shown:.1f}"


def interval(low: float, high: float, unit: str = "share", signed: bool = False) -> str:
    """An interval in the units of `share`; empty where too few cases give none."""
    if math.isnan(low):
        return ""
    return f"[{share(low, unit, signed)}, {share(high, unit, signed)}]"


def summary(run: Run, breaches: Sequence[Breach], comparison: Comparison | None, console: Console) -> None:
    """Print the run: ten seconds to read."""
    word = verdict(breaches, comparison)
    conditions = run.conditions
    before = f"{comparison.before.name} -> " if comparison else ""
    console.print(
        f"[bold {COLOURS[word]}]{word}[/]  {conditions.suite} ({conditions.half})  {before}{run.name}  "
        f"{len(run.results)} cases, {conditions.seconds:.0f} s"
    )
    console.print(_headline(run, comparison, console.width))
    if comparison:
        console.print(f"{len(comparison.fixed)} fixed, {len(comparison.broken)} broken{worst_words(comparison)}")
        for line in caveats(comparison):
            console.print(line, style="yellow")
        if comparison.broken:
            console.print(f"broken: {', '.join(comparison.broken)}")
    for breach in breaches:
        cases = f" ({', '.join(breach.cases[:8])}{' …' if len(breach.cases) > 8 else ''})" if breach.cases else ""
        console.print(f"[red]gate {breach.gate}[/]: {escape(breach.message)}{cases}")
    if run.fallbacks:
        count = f"{len(run.fallbacks)} of {len(run.given)}"
        console.print(f"{count} answers are extractive: the chat model failed or little of it held", style="yellow")
    _failures(run, console)


def worst_words(comparison: Comparison) -> str:
    """The type of case that lost most, with p corrected for testing every type; empty where none lost."""
    worst = comparison.worst_slice
    if worst is None:
        return ""
    p = f"p {p_value(worst.corrected_p)}, corrected for all types"
    return f" · worst slice: {worst.type} {share(worst.change.difference.value, signed=True)} ({p})"


def caveats(comparison: Comparison) -> list[str]:
    """What a reader must know before trusting the comparison."""
    lines = [
        f"not compared, {what}: {len(ids)} ({', '.join(ids[:6])}{' …' if len(ids) > 6 else ''})"
        for what, ids in comparison.uncompared.items()
    ]
    before, after = comparison.before.conditions, comparison.after.conditions
    for what, was, now in (
        ("settings", before.settings, after.settings),
        ("documents", before.documents, after.documents),
    ):
        if differing := sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name)):
            lines.append(f"other {what}: {', '.join(differing[:6])}{' …' if len(differing) > 6 else ''}")
    gated = [change for change in comparison.changes if METRICS[change.metric].gated]
    few = [METRICS[change.metric].label for change in gated if 0 < change.difference.moved < DECIDABLE]
    if few:
        lines.append(f"fewer than {DECIDABLE} cases moved, so p cannot get below 0.05: {', '.join(few)}")
    return lines


def _headline(run: Run, comparison: Comparison | None, width: int) -> Table:
    """Figures as rows; beside a baseline, a narrow terminal has no room for the interval of the present figure."""
    shown = ["", "base", "now", "95 %", "diff", "p", "n"] if comparison else ["", "now", "95 %", "n"]
    if comparison and width < WIDE:
        shown.remove("95 %")
    table = Table(box=None, pad_edge=False)
    for name in shown:
        table.add_column(name, justify="left" if name in ("", "95 %", "diff") else "right", no_wrap=True)
    for name, metric in METRICS.items():
        figure = comparison.figure(name) if comparison else run.figure(name)
        if figure.n:
            change = comparison.change(name) if comparison else None
            cells = _cells(metric, figure, change)
            direction = change.direction if change else "unclear"
            plain = "" if metric.headline else "dim"
            table.add_row(*(cells[s] for s in shown), style={"better": "green", "worse": "red"}.get(direction, plain))
    for extra in _areas_and_times(run):
        table.add_row(*(extra.get(s, "") for s in shown))
    return table


def _areas_and_times(run: Run) -> Iterator[dict[str, str]]:
    """What is no mean over cases: the area under risk over coverage and the latency, as cells by head."""
    curve = run.risk_coverage()
    if curve.risk:
        between = f"[{curve.low:.3f}, {curve.high:.3f}]"
        yield {"": "risk over coverage", "now": f"{curve.area:.3f}", "95 %": between, "n": str(len(curve.risk))}
    for stage in ("search", "answer"):
        if latency := run.latency().get(stage):
            between = f"[{latency['p95 low']:.0f}, {latency['p95 high']:.0f}]"
            count = f"{latency['n']:.0f}"
            yield {"": f"{stage} p95, ms", "now": f"{latency['p95']:.0f}", "95 %": between, "n": count}


def _cells(metric: Metric, figure: Figure, change: Change | None) -> dict[str, str]:
    return {
        "": metric.label,
        "base": share(change.difference.before, metric.unit) if change else "–",
        "now": share(figure.value, metric.unit),
        "95 %": interval(figure.low, figure.high, metric.unit),
        "diff": _difference(change),
        "p": p_value(change.difference.p).lstrip("= ") if change else "",
        "n": str(figure.n),
    }


def _difference(change: Change | None) -> str:
    if change is None:
        return ""
    moved, unit = change.difference, METRICS[change.metric].unit
    return f"{share(moved.value, unit, True)} {interval(moved.low, moved.high, unit, True)}"


def _failures(run: Run, console: Console) -> None:
    failed = [result for result in run.results if not result.passed]
    console.print(f"{len(failed)} of {len(run.results)} cases failed" + (":" if failed else ""))
    counts: dict[str, int] = {}
    for result in failed:
        counts[result.blame or ""] = counts.get(result.blame or "", 0) + 1
    for blame, count in sorted(counts.items(), key=lambda item: -item[1]):
        console.print(f"  {count:4}  {dict(BLAME_WORDS).get(blame, 'status not as expected')}")  # type: ignore[call-overload]
    for result in failed[:SHOWN]:
        question = result.case.question if result.case else ""
        console.print(f"  {result.id}  [dim]{escape(question[:90])}[/]", highlight=False)


def type_table(runs: Mapping[str, Run], metric: str, fallback: str = "correct_refusal") -> Table:
    """One metric by type of case for each run, side by side; types without it show the fallback."""
    first = next(iter(runs.values()))
    table = Table(title=f"{METRICS[metric].label} by type (or {METRICS[fallback].label})", box=None, pad_edge=False)
    table.add_column("type")
    for name in runs:
        table.add_column(name)
    table.add_column("n", justify="right")
    for of_type in first.types():
        figures = [_first_figure(run, of_type, metric, fallback) for run in runs.values()]
        cells = [f"{share(f.value)} {interval(f.low, f.high)}" for f in figures]
        table.add_row(of_type, *cells, str(figures[0].n))
    return table


def _first_figure(run: Run, of_type: str, *metrics: str) -> Figure:
    return next((f for m in metrics if (f := run.figure(m, of_type)).n), run.figure("status", of_type))


def comparison_table(runs: Mapping[str, Run]) -> Table:
    """Every metric for each configuration, side by side, with intervals, and latency."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in runs:
        table.add_column(name)
    for name, metric in METRICS.items():
        figures = [run.figure(name) for run in runs.values()]
        if any(figure.n for figure in figures):
            cells = [
                f"{share(f.value, metric.unit)} {interval(f.low, f.high, metric.unit)} n {f.n}" if f.n else "–"
                for f in figures
            ]
            table.add_row(metric.label, *cells)
    extras = [{extra[""]: extra for extra in _areas_and_times(run)} for run in runs.values()]
    for label in dict.fromkeys(label for of_run in extras for label in of_run):
        rows = [of_run.get(label) for of_run in extras]
        table.add_row(label, *(f"{row['now']} {row['95 %']} n {row['n']}" if row else "–" for row in rows))
    return table


def robustness_table(drops: Sequence[Drop]) -> Table:
    """The drop of each variant against the clean questions."""
    table = Table(title="robustness: paired with the clean question", box=None, pad_edge=False)
    for name in ("variant", "metric", "clean", "varied", "diff [95 %]", "p", "n"):
        table.add_column(name, no_wrap=True)
    for drop in drops:
        moved, metric = drop.difference, METRICS[drop.metric]
        difference = f"{share(moved.value, signed=True)} {interval(moved.low, moved.high, signed=True)}"
        before, after = share(moved.before), share(moved.after)
        table.add_row(
            drop.variant, metric.label, before, after, difference, p_value(moved.p).lstrip("= "), str(moved.n)
        )
    return table


def judge_line(judgement: Judgement) -> str:
    """The judge's figure and how far to trust it."""
    grade = judgement.grade
    line = (
        f"judge (beside the scores, no gate): {share(grade.value)} {interval(grade.low, grade.high)}, n = {grade.n}, "
        f"agreement with the fact matcher: kappa {judgement.agreement:.2f}, {len(judgement.unreadable)} unreadable"
    )
    return f"{line}; stopped: {judgement.stopped}" if judgement.stopped else line
