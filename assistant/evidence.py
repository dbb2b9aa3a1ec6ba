"""Is what was retrieved good enough to answer from? Decided here, by a calibrated threshold, never by wording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answers import Question, Status
from knowledge.queries import Query, is_elliptical
from knowledge.question_kind import asks_quantity, holds_quantity
from knowledge.ranking import local_share
from knowledge.retrieved import Retrieved, RetrievedPassage
from knowledge.words import stems


@dataclass(frozen=True)
class Evidence:
    """How well the retrieved passages cover the question."""

    status: Status
    confidence: float
    features: dict[str, float]


ANSWER_FROM = 0.5
"""Confidence from which an answer is given."""
IN_SCOPE_FROM = 0.36
"""Best cosine below which a refused question is taken to be about something else altogether."""

COEFFICIENTS = {
    "intercept": -3.584, "closeness": 4.558, "lead": 0.175, "words": 0.459, "covered": 0.704, "french": 0.459,
}  # fmt: skip
"""Logistic regression of "the case can be answered", fitted by `evals/calibrate.py` on the development suites and the
public collection mtrag, each author of cases counting the same, with the intercept such that 7 % of our own answerable
cases are refused.

Fitted on five suites and tried on the sixth, the features refuse 33 % of 318 unanswerable cases where 7.5 % of the
answerable ones are refused too. Whether a number is wanted tells much on two suites and misleads on the others (27 %),
and forty more features of the vectors, the words and the question add nothing that carries to the next author's cases.
"""


def judge(question: Question, retrieved: Retrieved) -> Evidence:
    """Weigh the evidence: `answered`, or the reason why not, with the confidence it rests on."""
    if not retrieved.query.terms and not retrieved.query.references:
        vague = bool(retrieved.query.own_text) and not question.history and is_elliptical(retrieved.query.own_text)
        return Evidence(Status.NEEDS_CLARIFICATION if vague else Status.OUT_OF_SCOPE, 0.0, {})
    if not any(p.on_subject for p in retrieved.passages):
        return Evidence(Status.NOT_FOUND, 0.0, {})
    features = measure(retrieved)
    total = COEFFICIENTS["intercept"] + sum(COEFFICIENTS[name] * value for name, value in features.items())
    confidence = 1 / (1 + math.exp(-total))
    if retrieved.passages[0].direct or retrieved.expansions:
        return Evidence(Status.ANSWERED, max(confidence, 0.9), features)
    if confidence >= ANSWER_FROM:
        return Evidence(Status.ANSWERED, confidence, features)
    nearest = max(p.dense for p in retrieved.passages[:CONSIDERED])
    return Evidence(Status.NOT_FOUND if nearest >= IN_SCOPE_FROM else Status.OUT_OF_SCOPE, confidence, features)


DIRECT = 2
"""Claims among which the answer to a question for an amount must be.

Of 50 answered questions that cannot be answered 16 say no amount there, of 111 that can 4 whose facts were missing
anyway and 2 others; with one claim it were 25, and 7 others.
"""


def lacks_quantity(query: Query, quotes: Sequence[str]) -> bool:
    """True if an amount is asked for and the most direct quotes, which come first, say none."""
    return asks_quantity(query) and not any(map(holds_quantity, quotes[:DIRECT]))


CONSIDERED = 5
"""Passages that evidence is weighed from."""


def measure(retrieved: Retrieved) -> dict[str, float]:
    """What is weighed.

    closeness: best cosine of a passage; lead: how far the most relevant is above the least of five; words: logarithm of
    the number of words that carry meaning, since a short question is easily close to something; covered: share of
    these words, by rarity, in the best of three passages; french: 1 for a question in French, which is less close to
    anything in English.
    """
    top = [p for p in retrieved.passages if p.on_subject][:CONSIDERED]
    relevance = [p.relevance for p in top]
    return {
        "closeness": max(p.dense for p in top),
        "lead": max(relevance) - min(relevance),
        "words": math.log(1 + len(retrieved.coverage)),
        "covered": max(
            local_share(retrieved.coverage, retrieved.query.with_other_forms(stems(_searchable(p)))) for p in top[:3]
        ),
        "french": float(retrieved.query.language == "fr"),
    }


def _searchable(found: RetrievedPassage) -> str:
    return " ".join([found.document.title, *found.passage.headings, found.passage.text])
