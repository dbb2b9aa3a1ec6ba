"""Fitting the ranking coefficients and the evidence threshold on development cases, so that both can be made again.

Ranking: a softmax over the candidates of each question, the likelihood of its evidence passages maximised, with an L2
penalty; the features are scaled to unit deviation for the fit and scaled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]  # scipy carries no types
from scipy.special import logsumexp  # type: ignore[import-untyped]  # as above

from assistant import evidence
from assistant.answers import Question
from assistant.assistant import Assistant
from evals import scorers
from evals.cases import Case
from knowledge.access import PUBLIC
from knowledge.ranking import FEATURES

L2 = 0.03


@dataclass(frozen=True)
class Group:
    """The candidates of one question: features, shape (n, features), and which hold its evidence."""

    rows: NDArray[np.float64]
    right: NDArray[np.bool_]


def groups(cases: Sequence[Case], assistant: Assistant) -> list[Group]:
    """One group for each case whose evidence is among the candidates and was not named outright."""
    found = []
    for case in cases:
        if not case.evidence:
            continue
        question = Question(case.question, tuple(case.history))
        candidates = assistant.retriever.candidates(question.text, PUBLIC, question.history)
        if any(p.direct for p in candidates.passages):
            continue
        quotes = [e.quote for e in case.evidence]
        right = np.array([any(scorers.holds(p.passage.text, q) for q in quotes) for p in candidates.passages])
        if right.any():
            found.append(Group(np.asarray(candidates.rows, np.float64), right))
    return found


def fit_ranking(training: Sequence[Group]) -> dict[str, float]:
    """Coefficients by feature name."""
    everything = np.vstack([group.rows for group in training])
    scale = everything.std(axis=0) + 1e-9

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = L2 * float(weights @ weights), 2 * L2 * weights
        for group in training:
            rows = group.rows / scale
            scores = rows @ weights
            right, every = scores[group.right], scores
            value += float(logsumexp(every) - logsumexp(right)) / len(training)
            all_share = np.exp(every - logsumexp(every))
            right_share = np.exp(right - logsumexp(right))
            slope = slope + (rows.T @ all_share - rows[group.right].T @ right_share) / len(training)
        return value, slope

    fitted = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x / scale
    return {name: round(float(weight), 3) for name, weight in zip(FEATURES, fitted, strict=True)}


def evidence_rows(cases: Sequence[Case], assistant: Assistant) -> list[tuple[dict[str, float], bool]]:
    """What evidence is weighed by, and whether the case can be answered; places named outright are left out."""
    rows = []
    for case in cases:
        retrieved = assistant.retrieve(Question(case.question, tuple(case.history)), PUBLIC)
        if retrieved.passages and retrieved.query.terms and not (retrieved.passages[0].direct or retrieved.expansions):
            rows.append((evidence.measure(retrieved), bool(case.facts)))
    return rows


def fit_evidence(rows: Sequence[tuple[dict[str, float], bool]], false_abstention: float = 0.1) -> dict[str, float]:
    """Coefficients by feature name, the intercept set so that this share of the answerable cases falls below 0.5."""
    names = list(rows[0][0])
    features = np.array([[row[name] for name in names] for row, _ in rows])
    answerable = np.array([label for _, label in rows])
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    scaled = (features - mean) / scale
    weight = np.where(answerable, 1 / answerable.sum(), 1 / (~answerable).sum())

    def loss(parameters: NDArray[np.float64]) -> float:
        margin = (scaled @ parameters[1:] + parameters[0]) * np.where(answerable, 1, -1)
        return float((weight * np.logaddexp(0, -margin)).sum() + L2 * parameters[1:] @ parameters[1:])

    fitted = minimize(loss, np.zeros(len(names) + 1), method="BFGS").x[1:] / scale
    threshold = float(np.quantile((features @ fitted)[answerable], false_abstention))
    return {"intercept": round(-threshold, 3)} | {n: round(float(w), 3) for n, w in zip(names, fitted, strict=True)}
