"""How directly a sentence answers: what ranks its passage, and what chooses it for an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from knowledge.documents import Passage
from knowledge.queries import Query
from knowledge.question_kind import QuestionKind, wants
from knowledge.ranking import local_share, pairs
from knowledge.words import stems

WEIGHTS = {
    "similarity": 3.91, "coverage": 1.74, "typed": 1.34, "pairs": 1.04, "length": -0.5, "footnote": -1.0,
    "matched": 3.33,
}  # fmt: skip
"""What a sentence is scored by, and what each counts:

similarity: cosine of question and sentence;
coverage: share of the question's words in the sentence, by their rarity within the document;
typed: similarity again, for a sentence holding what the question asks for (a number, a date, a name);
pairs: share of the question's neighbouring word pairs in the sentence;
length: logarithm of the number of words, as what says it in fewer leaves room for more;
footnote: 1 for a footnote, which mostly names sources;
matched: how far the question's words are met in the sentence, each in its sense (see `matching`).

Fitted by `evals/calibrate.py` on the development halves; those of length and footnote were set lower by comparing
values there (the fit gives 0.19 and 0.46, and 2.3 points less nugget recall there, 0.7 more on the other halves).
"""


def measure(
    passage: Passage,
    query: Query,
    kind: QuestionKind,
    similarities: Sequence[float],
    met: Sequence[float],
    rarities: Mapping[str, float],
) -> list[tuple[float, ...]]:
    """The values behind WEIGHTS, in that order, for each sentence of a passage.

    `similarities` and `met` have one entry a sentence; `rarities` are those of the question's stems in the document.
    """
    own_pairs = pairs(query.text)
    return [
        (
            similarity,
            local_share(rarities, query.with_other_forms(stems(text))),
            similarity * wants(kind, text),
            len(own_pairs & pairs(text)) / len(own_pairs) if own_pairs else 0.0,
            math.log(1 + len(text.split())),
            float(passage.kind == "footnote"),
            matched,
        )
        for text, similarity, matched in zip(passage.sentence_texts(), similarities, met, strict=True)
    ]


def directness(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """How directly each sentence answers, from its measured values; comparable within one question only."""
    return tuple(sum(w * value for w, value in zip(WEIGHTS.values(), row, strict=True)) for row in rows)
