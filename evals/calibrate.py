"""Fitting what ranking, answering and refusing weigh by, on development cases, so that all of it can be made again.

    python -m evals.calibrate [FOLDER ...]     prints the coefficients; folders are collections in BEIR layout

Each fit maximises a likelihood with an L2 penalty, over features scaled to unit deviation: of the evidence passages
among the candidates (ranking), of the sentences that state a fact among all sentences considered (answering), and of
"the case can be answered" (refusing). The suite `unseen` and the test half of every other are never fitted on.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]  # scipy carries no types
from scipy.special import logsumexp  # type: ignore[import-untyped]  # as above

from assistant import evidence
from assistant import settings as configuration
from assistant.answerers import extractive
from assistant.answers import Question
from assistant.assistant import Assistant
from assistant.bootstrap import assistant_for
from assistant.settings import Settings
from evals import beir, scorers, suites
from evals.cases import Case
from knowledge.access import PUBLIC
from knowledge.directness import WEIGHTS, measure
from knowledge.question_kind import kind_of
from knowledge.ranking import FEATURES

SUITES = {"corpus": 1.0, "pairs": 1.0, "starter": 0.7, "roles": 0.7, "fresh": 1.0, "natural": 1.0}
"""Suites whose development half is fitted on, each with what one of its cases counts."""
COLLECTION = 0.3
"""What one question of a public collection counts: there are many, and they are not about guidance."""
L2 = 0.03
EVIDENCE_L2 = 0.003
"""Less for refusing, which weighs few features over many cases."""
FEW = 15
"""Below so many answerable (or unanswerable) cases an author counts in proportion, else as much as any other."""


@dataclass(frozen=True)
class Group:
    """What one question chooses among: features, shape (n, features); for each thing wanted, which rows give it."""

    rows: NDArray[np.float64]
    right: tuple[NDArray[np.bool_], ...]
    weight: float = 1.0


def ranking_groups(cases: Sequence[Case], assistant: Assistant, weight: float) -> Iterator[Group]:
    """The candidates of each case whose evidence is among them and was not named outright."""
    for case in cases:
        if not case.evidence:
            continue
        found = assistant.retriever.candidates(case.question, PUBLIC, case.history)
        quotes = [e.quote for e in case.evidence]
        right = np.array([any(scorers.holds(p.passage.text, q) for q in quotes) for p in found.candidates])
        if right.any() and not any(p.direct for p in found.candidates):
            yield Group(np.asarray(found.rows, np.float64), (right,), weight)


def of_collection(folder: Path, settings: Settings) -> Iterator[Group]:
    """What a public collection gives for ranking."""
    collection = beir.load_collection(folder)
    with beir.opened(collection, settings, "fused") as (retriever, reader):
        for query in collection.queries:
            found = retriever.candidates(query.text, PUBLIC, query.history)
            relevant = collection.relevant[query.id]
            right = np.array([relevant.get(reader.ids[p.document.id], 0) > 0 for p in found.candidates])
            if right.any():
                yield Group(np.asarray(found.rows, np.float64), (right,), COLLECTION)


def sentence_groups(cases: Sequence[Case], assistant: Assistant, weight: float) -> Iterator[Group]:
    """The sentences that an answer to each case may be made of; wanted are those that state its facts."""
    for case in cases:
        retrieved = assistant.retrieve(Question(case.question, tuple(case.history)), PUBLIC)
        sources = [p for p in retrieved.passages if p.on_subject][: extractive.Weights().passages]
        if not case.facts or any(p.direct for p in sources) or retrieved.expansions:
            continue
        kind = kind_of(retrieved.query)
        rows, texts = [], []
        for source in sources:
            gap = source.relevance - retrieved.passages[0].relevance
            values = measure(
                source.passage, retrieved.query, kind, source.sentence_scores, source.met[1:].tolist(), source.local
            )
            for text, row in zip(source.passage.sentence_texts(), values, strict=True):
                if extractive.is_readable(text, source):
                    rows.append((*row, gap))
                    texts.append(text)
        right = [np.array([scorers.states(text, fact) for text in texts]) for fact in case.facts]
        if any(r.any() for r in right):
            yield Group(np.array(rows), tuple(r for r in right if r.any()), weight)


def fit_choice(groups: Sequence[Group]) -> NDArray[np.float64]:
    """Coefficients, one a feature, under which what is wanted is most likely chosen: a softmax over a group's rows."""
    scale = np.vstack([group.rows for group in groups]).std(axis=0) + 1e-9
    total = sum(group.weight for group in groups)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = L2 * float(weights @ weights), 2 * L2 * weights
        for group in groups:
            rows = group.rows / scale
            scores = rows @ weights
            every = float(logsumexp(scores))
            for right in group.right:
                share = group.weight / total / len(group.right)
                best = float(logsumexp(scores[right]))
                value += share * (every - best)
                slope = slope + share * (rows.T @ np.exp(scores - every) - rows[right].T @ np.exp(scores[right] - best))
        return value, slope

    return np.asarray(minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B").x / scale, np.float64)


@dataclass(frozen=True)
class Weighed:
    """What the evidence for one question was weighed by, and whether the question can be answered."""

    features: dict[str, float]
    answerable: bool
    author: str
    """The suite it is of."""


def evidence_rows(cases: Sequence[Case], assistant: Assistant, author: str) -> Iterator[Weighed]:
    """Every case that is decided by weighing: no place was named outright and something is about what was asked."""
    for case in cases:
        retrieved = assistant.retrieve(Question(case.question, tuple(case.history)), PUBLIC)
        named = retrieved.expansions or any(p.direct for p in retrieved.passages[:1])
        if retrieved.query.terms and not named and any(p.on_subject for p in retrieved.passages):
            yield Weighed(evidence.measure(retrieved), case.answerable, author)


def fit_evidence(rows: Sequence[Weighed], false_abstention: float = 0.065) -> dict[str, float]:
    """Coefficients by feature name, the intercept set so that this share of answerable cases is refused.

    Authors count the same, however many cases they wrote, as each has habits that tell the cases of no other apart.
    """
    names = list(rows[0].features)
    features = np.array([[row.features[name] for name in names] for row in rows])
    answerable = np.array([row.answerable for row in rows])
    counts = Counter((row.author, row.answerable) for row in rows)
    weight = np.array([1 / max(counts[row.author, row.answerable], FEW) for row in rows])
    weight /= np.where(answerable, weight[answerable].sum(), weight[~answerable].sum())
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    scaled = (features - mean) / scale

    def loss(parameters: NDArray[np.float64]) -> float:
        margin = (scaled @ parameters[1:] + parameters[0]) * np.where(answerable, 1, -1)
        return float((weight * np.logaddexp(0, -margin)).sum() + EVIDENCE_L2 * parameters[1:] @ parameters[1:])

    fitted = minimize(loss, np.zeros(len(names) + 1), method="BFGS").x[1:] / scale
    threshold = float(np.quantile((features @ fitted)[answerable], false_abstention))
    return {"intercept": round(-threshold, 3)} | {n: round(float(w), 3) for n, w in zip(names, fitted, strict=True)}


@contextmanager
def _opened(name: str, settings: Settings) -> Iterator[tuple[Sequence[Case], Assistant]]:
    with suites.open_index(name, settings, Path(os.environ.get("FOCAL_CORPUS", "../shared/corpus")), _say) as home:
        yield suites.load_suite(name).only("dev").cases, assistant_for(home)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main(folders: Sequence[str]) -> None:
    """Fit all three, one after the other, and print what goes into the code."""
    settings = configuration.load()
    rankings: list[Group] = []
    sentences: list[Group] = []
    weighed: list[Weighed] = []
    for name, weight in SUITES.items():
        with _opened(name, settings) as (cases, assistant):
            rankings += ranking_groups(cases, assistant, weight)
            sentences += sentence_groups(cases, assistant, weight)
            weighed += evidence_rows(cases, assistant, name)
    for folder in folders:
        rankings += of_collection(Path(folder), settings)
    fitted = zip(FEATURES, fit_choice(rankings), strict=True)
    print("knowledge/ranking.py:", {name: round(float(w), 3) for name, w in fitted})
    *answering, gap = (round(float(w), 2) for w in fit_choice(sentences))
    print("knowledge/directness.py:", dict(zip(WEIGHTS, answering, strict=True)))
    print("assistant/answerers/extractive.py: gap", gap)
    print("assistant/evidence.py:", fit_evidence(weighed))


if __name__ == "__main__":
    main(sys.argv[1:])
