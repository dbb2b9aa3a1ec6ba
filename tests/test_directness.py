"""The sentence that answers most directly says how high its passage stands."""

from __future__ import annotations

import pytest

from knowledge.directness import WEIGHTS, directness, measure
from knowledge.documents import Block, Passage
from knowledge.embedding import Embedding
from knowledge.glossary import Glossary
from knowledge.passages import cut
from knowledge.queries import understand
from knowledge.question_kind import kind_of
from knowledge.words import stems


def passages(embedding: Embedding, *texts: str, kind: str = "paragraph") -> list[Passage]:
    blocks = [Block(kind, text, number=str(number)) for number, text in enumerate(texts, 1)]
    return cut("handbook", blocks, embedding.token_lengths)


def answering(embedding: Embedding, question: str, passage: Passage) -> tuple[float, ...]:
    query = understand(question, (), Glossary([]))
    close = embedding.encode(passage.sentence_texts()).texts @ embedding.encode([question]).texts[0]
    rarities = dict.fromkeys(stems(" ".join(query.terms)), 1.0)
    return directness(measure(passage, query, kind_of(query), close.tolist(), close.tolist(), rarities))


def test_a_sentence_with_the_number_asked_for_answers_more_directly_than_one_on_the_matter(
    embedding: Embedding,
) -> None:
    (canteen,) = passages(
        embedding, "Soldiers eat in the canteen of the camp. The canteen of the camp seats 120 soldiers."
    )
    about, said = answering(embedding, "How many soldiers does the canteen of the camp seat?", canteen)
    assert said > about + 1


def test_a_footnote_answers_less_directly_than_a_paragraph_of_the_same_words(embedding: Embedding) -> None:
    text = "The canteen opens at noon on Fridays."
    ((paragraph,), (footnote,)) = (passages(embedding, text, kind=kind) for kind in ("paragraph", "footnote"))
    (above,), (below,) = (answering(embedding, "When does the canteen open?", p) for p in (paragraph, footnote))
    assert above - below == pytest.approx(-WEIGHTS["footnote"])
