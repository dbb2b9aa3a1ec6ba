"""Two runs over the same cases: what changed, whether it is more than noise, and which cases were fixed or broken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evals.metrics import Difference, Figure, figure, holm, paired
from evals.run import CaseResult, Run
from evals.scoring import METRICS

ALPHA = 0.05
Verdict = Literal["BETTER", "WORSE", "MIXED", "SAME"]
Direction = Literal["better", "worse", "unclear"]


@dataclass(frozen=True)
class Change:
    """One metric, before and after, over the cases that have it in both runs."""

    metric: str
    difference: Difference
    worsened: tuple[str, ...] = ()
    """Ids of the cases whose score got worse."""
    now: Figure | None = None
    """The later figure over the compared cases."""

    @property
    def direction(self) -> Direction:
        """Better or worse only where the paired test supports it at ALPHA."""
        wanted = METRICS[self.metric].better
        if self.difference.p >= ALPHA or wanted == "neither" or not self.difference.value:
            return "unclear"
        return "better" if (self.difference.value > 0) == (wanted == "up") else "worse"


@dataclass(frozen=True)
class Slice:
    """One metric within one type of case. `corrected_p` takes into account that every type is tested (Holm)."""

    type: str
    change: Change
    corrected_p: float


@dataclass(frozen=True)
class Comparison:
    """Everything that changed between two runs."""

    before: Run
    after: Run
    changes: tuple[Change, ...]
    slices: tuple[Slice, ...]
    """Nugget recall, or refusal where a type has no facts, by type of case; the one that lost most first."""
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    rewritten: tuple[str, ...]
    """Ids whose case is not the same any more; like added and removed ones they are not compared."""

    @property
    def uncompared(self) -> dict[str, tuple[str, ...]]:
        """Ids of cases that only one run has or that differ, by what became of them; empty where all are compared."""
        groups = {"added": self.added, "removed": self.removed, "rewritten": self.rewritten}
        return {name: ids for name, ids in groups.items() if ids}

    @property
    def verdict(self) -> Verdict:
        """BETTER or WORSE when headline metrics moved one way beyond noise, MIXED when both ways, else SAME."""
        seen = {change.direction for change in self.changes if METRICS[change.metric].headline}
        if {"better", "worse"} <= seen:
            return "MIXED"
        return "BETTER" if "better" in seen else "WORSE" if "worse" in seen else "SAME"

    @property
    def worst_slice(self) -> Slice | None:
        """The type that lost most; None when none lost."""
        return self.slices[0] if self.slices and _gain(self.slices[0].change) < 0 else None

    def figure(self, metric: str) -> Figure:
        """The later figure over the cases that are compared, or over all where no earlier case has the metric."""
        change = self.change(metric)
        return change.now if change and change.now else self.after.figure(metric)

    def change(self, metric: str) -> Change | None:
        """The change of one metric; None when the runs share no case that has it."""
        return next((change for change in self.changes if change.metric == metric), None)


def compare(before: Run, after: Run) -> Comparison:
    """Join two runs by case id and compare every metric, paired. Cases that differ in content are left out."""
    earlier = {result.id: result for result in before.results}
    later = {result.id: result for result in after.results}
    both = [r.id for r in after.results if r.id in earlier and earlier[r.id].digest == r.digest]
    pairs = [(earlier[i], later[i]) for i in both]
    return Comparison(
        before=before,
        after=after,
        changes=tuple(change for metric in METRICS if (change := _change(metric, pairs))),
        slices=_slices(pairs),
        fixed=tuple(b.id for a, b in pairs if b.passed and not a.passed),
        broken=tuple(b.id for a, b in pairs if a.passed and not b.passed),
        added=tuple(i for i in later if i not in earlier),
        removed=tuple(i for i in earlier if i not in later),
        rewritten=tuple(i for i in later if i in earlier and earlier[i].digest != later[i].digest),
    )


Pairs = Sequence[tuple[CaseResult, CaseResult]]


def _change(metric: str, pairs: Pairs) -> Change | None:
    scored = [(b.id, a.scores[metric], b.scores[metric]) for a, b in pairs if metric in a.scores and metric in b.scores]
    if not scored:
        return None
    sign = -1 if METRICS[metric].better == "down" else 1
    worsened = tuple(i for i, before, after in scored if sign * after < sign * before)
    before_scores, after_scores = [a for _, a, _ in scored], [b for _, _, b in scored]
    return Change(metric, paired(before_scores, after_scores), worsened, figure(after_scores))


def _slices(pairs: Pairs) -> tuple[Slice, ...]:
    changes: dict[str, Change] = {}
    for of_type in dict.fromkeys(after.type for _, after in pairs):
        within = [(a, b) for a, b in pairs if b.type == of_type]
        change = _change("nugget_recall", within) or _change("correct_refusal", within) or _change("status", within)
        if change:
            changes[of_type] = change
    corrected = holm({of_type: change.difference.p for of_type, change in changes.items()})
    slices = [Slice(of_type, change, corrected[of_type]) for of_type, change in changes.items()]
    return tuple(sorted(slices, key=lambda slice_: (_gain(slice_.change), slice_.type)))


def _gain(change: Change) -> float:
    """The difference with the sign turned so that more is better."""
    value = change.difference.value
    return 0.0 if math.isnan(value) else -value if METRICS[change.metric].better == "down" else value
