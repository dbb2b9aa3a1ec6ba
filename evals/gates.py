"""Gates: what stops a change. A broken promise always; a lower figure only when it is more than noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evals import scorers
from evals.compare import Comparison
from evals.metrics import p_value
from evals.run import CaseResult, Run
from evals.scoring import METRICS

MARGIN = 0.01
"""A supported drop smaller than this is let through: with many cases the test sees what no user would."""
MAX_MEAN_WORDS = 150.0
"""What the product promises for a default answer."""


@dataclass(frozen=True)
class Breach:
    """A gate that did not hold, with the cases to open."""

    gate: str
    message: str
    cases: tuple[str, ...] = ()


def check(run: Run, comparison: Comparison | None = None) -> list[Breach]:
    """Every gate that does not hold: promises for the run alone, drops where there is a baseline to compare with."""
    return [*promises(run), *([*_lost(comparison), *_drops(comparison)] if comparison else [])]


def exit_status(breaches: Iterable[Breach]) -> int:
    """0 when every gate holds, else 1."""
    return 1 if any(True for _ in breaches) else 0


def promises(run: Run) -> list[Breach]:
    """What the product promises of every answer, whatever was measured before."""
    breaches = []
    altered = _ids(r for r in run.results if r.scores.get("verbatim", 1.0) < 1.0)
    if altered:
        breaches.append(Breach("verbatim", "a quote does not stand word for word in the passage it cites", altered))
    worded = _ids(r for r in run.results if r.scores.get("as_quoted", 1.0) < 1.0)
    if worded:
        breaches.append(Breach("wording", "an extractive answer says other words than it quotes", worded))
    cited = _ids(r for r in run.results if r.status in scorers.REFUSALS and (r.answer or {}).get("citations"))
    if cited:
        breaches.append(Breach("refusal", "an answer that says the guidance has none cites a source", cited))
    bare = _ids(r for r in run.results if _claims(r) and not (r.answer or {}).get("citations"))
    if bare and run.conditions.configuration not in UNCITED:
        breaches.append(Breach("citations", "an answer is given without a source", bare))
    failed = _ids(r for r in run.results if r.error is not None)
    if failed:
        breaches.append(Breach("error", "a question could not be processed", failed))
    words = run.figure("words")
    if words.n and words.value > MAX_MEAN_WORDS:
        message = f"answers have {words.value:.0f} words on average, more than {MAX_MEAN_WORDS:.0f}"
        breaches.append(Breach("words", message))
    return breaches


UNCITED = frozenset({"tutorial"})
"""Configurations that have no citations to give: peers, kept for comparison."""


def _claims(result: CaseResult) -> bool:
    return result.answer is not None and result.status not in scorers.ABSTENTIONS


def _lost(comparison: Comparison) -> list[Breach]:
    """Accepted cases that are gone or rewritten are measured by nothing: a suite changes with a new accepted run."""
    gone = (*comparison.removed, *comparison.rewritten)
    message = (
        f"{len(comparison.removed)} accepted cases are gone and {len(comparison.rewritten)} rewritten, so they are not "
        "compared: accept the new suite with --accept"
    )
    return [Breach("cases", message, gone)] if gone else []


def _drops(comparison: Comparison) -> list[Breach]:
    breaches = []
    for change in comparison.changes:
        metric, moved = METRICS[change.metric], change.difference
        if metric.gated and change.direction == "worse" and abs(moved.value) >= MARGIN:
            interval = f"{100 * moved.value:+.1f} [{100 * moved.low:+.1f}, {100 * moved.high:+.1f}]"
            message = (
                f"{metric.label} {100 * moved.before:.1f} -> {100 * moved.after:.1f} "
                f"({interval}, p {p_value(moved.p)}, n = {moved.n})"
            )
            breaches.append(Breach(change.metric, message, change.worsened))
    return breaches


def _ids(results: Iterable[CaseResult]) -> tuple[str, ...]:
    return tuple(result.id for result in results)
