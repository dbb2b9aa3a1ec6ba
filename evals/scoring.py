"""One case scored: every scorer applied, whether it passed, and the stage to blame where it did not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.answers import Answer
from evals import metrics, scorers
from evals.cases import Case

PASS_RECALL = 0.5
"""Share of the required facts from which an answer counts as right: CRAG's "acceptable" (Yang et al. 2024)."""

Blame = Literal[
    "error",
    "not_indexed",
    "not_read",
    "not_retrieved",
    "retrieved_not_selected",
    "selected_but_threshold",
    "wrong_edition",
    "answered_the_unanswerable",
]

BLAME_WORDS: dict[Blame, str] = {
    "error": "error: the question could not be processed",
    "not_indexed": "not indexed: the document is not loaded",
    "not_read": "not read: the words stand in no passage of the document",
    "not_retrieved": "not retrieved: not among the first passages",
    "retrieved_not_selected": "retrieved but not selected",
    "selected_but_threshold": "retrieved, but refused by the threshold",
    "wrong_edition": "wrong edition: a superseded document was cited",
    "answered_the_unanswerable": "answered what the guidance does not answer",
}


@dataclass(frozen=True)
class Metric:
    """How a score is called and read."""

    label: str
    better: Literal["up", "down", "neither"] = "up"
    gated: bool = False
    headline: bool = False
    unit: Literal["share", "count"] = "share"


METRICS: dict[str, Metric] = {
    "nugget_recall": Metric("nugget recall", gated=True, headline=True),
    "evidence@1": Metric("evidence@1"),
    "evidence@5": Metric("evidence@5", gated=True, headline=True),
    "evidence@10": Metric("evidence@10"),
    "mrr@10": Metric("MRR@10"),
    "ndcg@10": Metric("nDCG@10"),
    "citation_precision": Metric("citation precision", gated=True, headline=True),
    "citation_recall": Metric("citation recall", gated=True),
    "verbatim": Metric("quotes verbatim", headline=True),
    "as_quoted": Metric("said as quoted"),
    "correct_refusal": Metric("correct refusal", gated=True, headline=True),
    "false_abstention": Metric("false abstention", "down", gated=True, headline=True),
    "status": Metric("status right"),
    "wrong_edition": Metric("wrong edition", "down", gated=True),
    "words": Metric("words an answer", "neither", headline=True, unit="count"),
}
"""Every score a case can have, in the order of the report."""


Ranks = Sequence[int | None]
"""For each evidence quote of a case the rank of the first passage that holds it."""


def score(case: Case, answer: Answer | None, ranks: Ranks, text_of: Mapping[str, str]) -> dict[str, float]:
    """All scores that apply to the case, by metric name.

    `answer` is None when asking raised an error; `text_of` gives the text of each passage by id.
    """
    status = str(answer.status) if answer else "error"
    text = answer.answer if answer else ""
    citations = answer.citations if answer else ()
    quotes = [citation.quote for citation in citations]
    abstained = answer is None or status in scorers.ABSTENTIONS
    said = "" if abstained else text
    cited = [(citation.document_id, citation.standing) for citation in citations]
    scores: dict[str, float | None] = {
        "verbatim": scorers.verbatim([(c.quote, text_of.get(c.passage_id, "")) for c in citations]),
        "as_quoted": scorers.as_quoted(text, {c.number: (c.quote, text_of.get(c.passage_id, "")) for c in citations})
        if answer and answer.engine.answerer == "extractive"
        else None,
        "correct_refusal": scorers.correct_refusal(status, len(citations), case.answerable),
        "status": scorers.status_right(status, case.expected_status),
    }
    if case.answerable:
        scores |= {
            "nugget_recall": scorers.nugget_recall(said, case.facts),
            **{f"evidence@{k}": scorers.evidence_at(ranks, k) for k in (1, 5, 10)},
            "mrr@10": scorers.reciprocal_rank(ranks),
            "ndcg@10": metrics.ndcg(ranks),
            "citation_precision": scorers.citation_precision(quotes, case.facts),
            "citation_recall": scorers.citation_recall(said, quotes, case.facts),
            "false_abstention": 1.0 if answer is None else scorers.false_abstention(status, True),
            "words": None if abstained else float(scorers.word_count(text)),
            "wrong_edition": scorers.wrong_edition(cited, (e.document for e in case.evidence)),
        }
    return {name: scores[name] for name in METRICS if scores.get(name) is not None}  # type: ignore[misc]


def passed(case: Case, scores: Mapping[str, float]) -> bool:
    """True if a user was served: enough facts, or the refusal that the case asks for."""
    if case.answerable:
        return scores.get("nugget_recall", 0.0) >= PASS_RECALL and not scores.get("wrong_edition", 0.0)
    if case.expected_status in scorers.REFUSALS:
        return scores.get("correct_refusal", 0.0) == 1.0
    return scores.get("status", 0.0) == 1.0


def blame(
    case: Case,
    answer: Answer | None,
    scores: Mapping[str, float],
    ranks: Ranks,
    texts_of: Callable[[str], Sequence[str] | None],
    retrieved: Sequence[str] = (),
) -> Blame | None:
    """The first stage that lost the answer; None for a case that passed with every fact.

    `texts_of` gives the passage texts of a document by id, None for a document that is not loaded; `retrieved` are the
    texts of the first passages. What was retrieved counts for a missing fact only if it stands in a passage with
    evidence, or if all the evidence was retrieved: with half of it, the other half is what is missing.
    """
    if answer is None:
        return "error"
    if not case.answerable:
        return None if passed(case, scores) else "answered_the_unanswerable"
    if scores.get("nugget_recall") == 1.0 and passed(case, scores):
        return None
    if scores.get("wrong_edition"):
        return "wrong_edition"
    at_hand = [rank is not None and rank <= 10 for rank in ranks]
    if any(at_hand) and str(answer.status) in scorers.ABSTENTIONS:
        return "selected_but_threshold"
    with_evidence = [text for text in retrieved if any(scorers.holds(text, e.quote) for e in case.evidence)]
    found = scorers.facts_found(answer.answer, case.facts)
    missing = [fact for fact, said in zip(case.facts, found, strict=True) if not said]
    if all(at_hand) or any(scorers.states(text, fact) for text in with_evidence for fact in missing):
        return "retrieved_not_selected"
    loaded = [(evidence.quote, texts_of(evidence.document)) for evidence in case.evidence]
    if all(texts is None for _, texts in loaded):
        return "not_indexed"
    if not any(scorers.holds(text, quote) for quote, texts in loaded for text in texts or ()):
        return "not_read"
    return "not_retrieved"
