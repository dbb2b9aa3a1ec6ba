"""Fitting the ranking coefficients and the evidence threshold on development cases, so that both can be made again.

Ranking: a softmax over the candidates of each question, the likelihood of its evidence passages maximised, with an L2
penalty; the features are scaled to unit deviation for the fit and scaled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

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
