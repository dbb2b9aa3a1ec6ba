"""From scores to figures: a mean or a rate with its interval, a paired test, ranking measures, risk over coverage."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

RESAMPLES = 4999
"""Draws of every bootstrap and randomisation test: p is exact to about 0.006 at 0.05."""
DECIDABLE = 6
"""Cases that must have moved for p to get below 0.05 at all: 2 / 2**5 is 0.0625."""
AREA_RESAMPLES = 999
SEED = 20081
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """A mean over n cases with its 95 % interval. Without cases all three are NaN."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Difference:
    """What changed between two runs over the same n cases: after minus before, its 95 % interval, and p."""

    before: float
    after: float
    value: float
    low: float
    high: float
    p: float
    n: int
    moved: int
    """Cases whose score is not the same."""


def mean(scores: Sequence[float]) -> Figure:
    """Mean with a percentile bootstrap interval over cases (Efron and Tibshirani 1993, chapter 13)."""
    if not scores:
        return Figure(math.nan, math.nan, math.nan, 0)
    values = np.asarray(scores, float)
    low, high = _bootstrap(values)
    return Figure(float(values.mean()), low, high, len(scores))


def rate(hits: Sequence[float]) -> Figure:
    """Share of ones among zeros and ones with Wilson's score interval (Wilson 1927), honest near 0 and 1 too."""
    if not hits:
        return Figure(math.nan, math.nan, math.nan, 0)
    count = round(sum(hits))
    interval = stats.binomtest(count, len(hits)).proportion_ci(CONFIDENCE, method="wilson")
    return Figure(count / len(hits), float(interval.low), float(interval.high), len(hits))


def figure(scores: Sequence[float]) -> Figure:
    """`rate` where every score is 0 or 1, else `mean`."""
    return rate(scores) if scores and all(score in (0, 1) for score in scores) else mean(scores)


def paired(before: Sequence[float], after: Sequence[float]) -> Difference:
    """Compare two runs case by case: randomisation test by sign flips, bootstrap interval of the mean difference.

    Two-sided p after Fisher 1935 as used for retrieval by Smucker, Allan and Carterette 2007; exact for up to 12 cases
    that moved, drawn beyond. Cases that did not move cannot change p. Swapping the runs gives the same p and the
    negated interval. Raises ValueError if the runs differ in length.
    """
    if len(before) != len(after):
        raise ValueError(f"paired runs need the same cases: {len(before)} and {len(after)} scores")
    if not before:
        return Difference(math.nan, math.nan, math.nan, math.nan, math.nan, 1.0, 0, 0)
    first, second = np.asarray(before, float), np.asarray(after, float)
    differences = second - first
    differences[np.abs(differences) < 1e-12] = 0.0
    sign = -1.0 if differences.sum() < 0 else 1.0
    low, high = _bootstrap(differences * sign)
    if sign < 0:
        low, high = -high, -low
    moved = differences[differences != 0] * sign
    return Difference(
        before=float(first.mean()),
        after=float(second.mean()),
        value=float(differences.mean()),
        low=low,
        high=high,
        p=_flip(moved),
        n=len(before),
        moved=len(moved),
    )


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected for testing many slices at once (Holm 1979)."""
    adjusted: dict[str, float] = {}
    floor = 0.0
    for position, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        floor = max(floor, min(1.0, p * (len(p_values) - position)))
        adjusted[name] = floor
    return adjusted


def p_value(p: float) -> str:
    """A p-value as it is written: three decimals, never zero."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 by linear interpolation, the bootstrap interval of p95, and how many were measured.

    Empty without measurements.
    """
    if not milliseconds:
        return {}
    values = np.asarray(milliseconds, float)
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    low, high = _bootstrap(values, lambda drawn, axis: np.percentile(drawn, 95, axis=axis))
    of_p95 = {"p95": float(p95), "p95 low": low, "p95 high": high}
    return {"p50": float(p50), **of_p95, "p99": float(p99), "n": float(len(milliseconds))}


@dataclass(frozen=True)
class RiskCoverage:
    """How wrong the answers are when only the most confident share of all questions is answered.

    `coverage[i]` is (i + 1) / questions and `risk[i]` the mean error of the i + 1 most confident answers.
    """

    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    area: float
    """Mean of `risk`: the area under the curve up to the coverage reached (AURC); NaN when nothing was answered."""
    low: float = math.nan
    high: float = math.nan
    """Bootstrap interval of the area over the answers given."""


def risk_coverage(answers: Sequence[tuple[float, float]], questions: int) -> RiskCoverage:
    """The curve of (confidence, error in 0..1) of the answers given, out of so many questions asked.

    El-Yaniv and Wiener 2010; area after Geifman, Uziel and El-Yaniv 2019. Answers of equal confidence each get their
    group's mean error, which is what a random order among them gives on average.
    """
    risk = _risk(answers)
    coverage = tuple((i + 1) / questions for i in range(len(risk)))
    area = sum(risk) / len(risk) if risk else math.nan
    low, high = _area_interval(answers)
    return RiskCoverage(coverage, risk, area, low, high)


def _risk(answers: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Mean error of the first answers by confidence, for one answer, two, and so on."""
    ordered = sorted(answers, key=lambda answer: -answer[0])
    errors: list[float] = []
    for _, group in groupby(ordered, key=lambda answer: answer[0]):
        same = [error for _, error in group]
        errors += [sum(same) / len(same)] * len(same)
    totals = np.cumsum(errors)
    return tuple(float(total / (i + 1)) for i, total in enumerate(totals))


def _area_interval(answers: Sequence[tuple[float, float]]) -> tuple[float, float]:
    if len(answers) < 2:
        return math.nan, math.nan
    draw = np.random.default_rng(SEED)
    picks = draw.integers(len(answers), size=(AREA_RESAMPLES, len(answers)))
    areas = [float(np.mean(_risk([answers[i] for i in pick]))) for pick in picks]
    edge = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(areas, [edge, 100 - edge])
    return float(low), float(high)


def ranking(
    runs: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, int]], *names: str
) -> dict[str, list[float]]:
    """Measures of ranked lists by ir-measures: for each name ("nDCG@10", "RR@10", "R@5") one value a query.

    `runs` gives ids best first, `relevant` the grade of each relevant id. Queries are those of `relevant`, in its order; one
    that is missing from `runs` counts 0.
    """  # noqa: E501
    import ir_measures
    from ir_measures import Qrel, ScoredDoc

    qrels = [Qrel(query, doc, grade) for query, docs in relevant.items() for doc, grade in docs.items()]
    scored = [
        ScoredDoc(query, doc, 1.0 / rank)
        for query, docs in runs.items()
        if query in relevant
        for rank, doc in enumerate(dict.fromkeys(docs), 1)
    ]
    measures = {name: ir_measures.parse_measure(name) for name in names}
    values: dict[str, dict[str, float]] = {name: {} for name in names}
    if scored:
        for found in ir_measures.iter_calc(list(measures.values()), qrels, scored):
            values[str(found.measure)][found.query_id] = float(found.value)
    return {name: [values[str(measure)].get(query, 0.0) for query in relevant] for name, measure in measures.items()}


def ndcg(ranks: Sequence[int | None], k: int = 10) -> float | None:
    """nDCG@k of one case whose evidence quotes were first found at these ranks (None: not found); binary gain.

    Järvelin and Kekäläinen 2002. A passage that holds two quotes counts once, and the ideal list is as long as the
    distinct passages found plus the quotes not found. None for a case without evidence.
    """
    if not ranks:
        return None
    found = sorted({rank for rank in ranks if rank is not None})
    missing = sum(rank is None for rank in ranks)
    depth = max(found, default=0)
    run = {"case": [f"at-{rank}" for rank in range(1, depth + 1)]}
    relevant = {"case": {f"at-{rank}": 1 for rank in found} | {f"missing-{i}": 1 for i in range(missing)}}
    return ranking(run, relevant, f"nDCG@{k}")[f"nDCG@{k}"][0]


def _bootstrap(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], statistic: Callable[..., Any] = np.mean
) -> tuple[float, float]:
    if len(values) < 2:
        return math.nan, math.nan
    if np.all(values == values[0]):
        return float(values[0]), float(values[0])
    result = stats.bootstrap(
        (values,), statistic, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", rng=SEED
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def _flip(moved: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Two-sided p of the mean of these differences under random signs."""
    if len(moved) == 0:
        return 1.0
    values = moved if len(moved) > 1 else np.append(moved, 0.0)  # scipy wants two; a zero has no sign to flip
    test = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=RESAMPLES, vectorized=True, rng=SEED
    )
    return min(1.0, float(test.pvalue))
