"""A small system under measurement: six invented passages, a keyword search, and answerers good and bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.answers import Answer, Citation, Question, Status
from evals.cases import Case, Evidence, Suite
from evals.scorers import word_list
from evals.subjects import Hit

PASSAGES = {
    "p1": (
        "handbook",
        "The deputy for relief chairs the humanitarian country team and reports to the head of mission.",
    ),
    "p2": ("handbook", "Every convoy leaves with two armed vehicles, a medic and a radio operator on board."),
    "p3": ("handbook", "The joint operations room sends its daily report to headquarters by 1800 hours every day."),
    "p4": (
        "handbook-2010",
        "The joint operations room sends its daily report to headquarters by 2000 hours every day.",
    ),
    "p5": ("circular", "Staff members may carry over at most sixty days of annual leave into the next year."),
    "p6": ("circular", "A vehicle accident is reported to the security section within one hour of its occurrence."),
}


def suite(repeats: int = 8) -> Suite:
    """Forty-eight cases by default, so that a test can tell a change from noise; the wording differs by a number."""
    rows = [
        ("who", "single_fact", "Who chairs the humanitarian country team?", "deputy for relief", "p1"),
        ("convoy", "list", "What must a convoy leave with?", "two armed vehicles", "p2"),
        ("when", "numbers", "By when does the operations room send its report?", "1800 hours", "p3"),
        ("leave", "numbers", "How many days of annual leave can staff carry over?", "sixty", "p5"),
        ("crash", "procedure", "To whom is a vehicle accident reported?", "security section", "p6"),
    ]
    cases = []
    for i in range(repeats):
        for name, type_, question, fact, passage in rows:
            document, text = PASSAGES[passage]
            evidence = Evidence(document=document, quote=" ".join(text.split()[:10]))
            cases.append(
                Case(id=f"{name}-{i}", type=type_, question=f"{question} ({i})", facts=((fact,),), evidence=(evidence,))
            )
        cases.append(Case(id=f"none-{i}", type="unanswerable", question=f"What is a helicopter's range? ({i})",
                          status=Status.NOT_FOUND))  # fmt: skip
    return Suite("fake", tuple(cases), {case.id: f"fake.jsonl:{n}" for n, case in enumerate(cases, 1)})


class GoodSubject:
    """Finds the passage with most words of the question and quotes it; refuses when fewer than two words agree."""

    fingerprint = "fake-1"

    def __init__(self) -> None:
        self.settings: dict[str, object] = {"retrieval": "keyword"}

    def documents(self) -> dict[str, str]:
        return {document: f"sha-{document}" for document, _ in PASSAGES.values()}

    def passages(self, document_id: str) -> list[tuple[str, str]]:
        return [(key, text) for key, (document, text) in PASSAGES.items() if document == document_id]

    def search(self, question: Question, limit: int) -> Sequence[Hit]:
        wanted = set(word_list(question.text)) - {"the", "is", "a", "to", "what", "by"}
        scored = [(len(wanted & set(word_list(text))), key) for key, (_, text) in PASSAGES.items()]
        ordered = sorted(scored, key=lambda item: (-item[0], item[1]))
        return [Hit(key, PASSAGES[key][0], None, 1, PASSAGES[key][1], float(score)) for score, key in ordered][:limit]

    def ask(self, question: Question) -> Answer:
        best = next(iter(self.search(question, 1)), None)
        if best is None or best.score < 2:
            return refusal(question)
        return answer(question, best)


def answer(question: Question, hit: Hit, quote: str | None = None, standing: str = "in_force") -> Answer:
    citation = Citation(1, hit.document_id, None, hit.document_id, None, (), None, 1, quote or hit.text, hit.passage_id,
                        "/", standing, None, "guidance")  # fmt: skip
    return Answer("a", question.text, Status.ANSWERED, f"{quote or hit.text} [1]", (citation,),
                  confidence=hit.score / 9, timing_ms={"retrieve": 1.0, "answer": 2.0})  # fmt: skip


def refusal(question: Question) -> Answer:
    return Answer("a", question.text, Status.NOT_FOUND, "The guidance loaded here does not say.")


class BrokenRetriever(GoodSubject):
    """Returns the worst passages first."""

    def search(self, question: Question, limit: int) -> Sequence[Hit]:
        return list(super().search(question, len(PASSAGES)))[::-1][:limit]

    def ask(self, question: Question) -> Answer:
        return answer(question, self.search(question, 1)[0])


class LyingAnswerer(GoodSubject):
    """Changes one word of what it quotes."""

    def ask(self, question: Question) -> Answer:
        best = self.search(question, 1)[0]
        return answer(
            question, best, best.text.replace("The", "No", 1).replace("Every", "No", 1).replace("within", "in")
        )


class AlwaysRefusing(GoodSubject):
    """Never wrong, never useful."""

    def ask(self, question: Question) -> Answer:
        return refusal(question)


class CitingRefuser(GoodSubject):
    """Says it does not know and cites a source all the same."""

    def ask(self, question: Question) -> Answer:
        return replace(super().ask(question), status=Status.NOT_FOUND)


class WrongEdition(GoodSubject):
    """Cites the superseded handbook where it has the same sentence."""

    def ask(self, question: Question) -> Answer:
        best = self.search(question, 1)[0]
        if best.passage_id == "p3" and best.score >= 2:
            old = Hit("p4", "handbook-2010", None, 1, PASSAGES["p4"][1], best.score)
            return answer(question, old, standing="superseded")
        return super().ask(question)


class Crashing(GoodSubject):
    """Raises on every question."""

    def ask(self, question: Question) -> Answer:
        raise RuntimeError("the index is gone")
