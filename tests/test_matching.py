"""Words of a question are met by the words of a passage in their sense, sentence by sentence, and weigh by rarity."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.documents import Block, Document
from knowledge.embedding import NO_WORDS, Embedding
from knowledge.ingestion import encode_passages
from knowledge.matching import NOTHING_ASKED, AskedWords, asked_words, match
from knowledge.passages import cut
from knowledge.records import StoredPassage
from knowledge.words import stem

TEXTS = (
    "Drivers who leave the agreed route are reprimanded. The canteen opens at noon.",
    "Rice is served on Fridays.",
)


@pytest.fixture(scope="module")
def stored(embedding: Embedding) -> list[StoredPassage]:
    document = Document(id="handbook", title="Handbook", sha256="0" * 64, source_path="handbook.md")
    blocks = [Block("paragraph", text, number=str(n)) for n, text in enumerate(TEXTS, 1)]
    return encode_passages(embedding, document, cut(document.id, blocks, embedding.token_lengths))


def asked(embedding: Embedding, question: str, rarities: dict[str, float] | None = None) -> AskedWords:
    words = embedding.encode([question]).words[0]
    return asked_words(question, words, lambda s: (rarities or {}).get(s, 1.0), {})


def test_a_paraphrase_is_met_in_the_sentence_that_says_the_same(
    embedding: Embedding, stored: list[StoredPassage]
) -> None:
    question = asked(embedding, "When do chauffeurs get told off for a detour?")
    first, second = match(question, stored)
    assert first.shape == (3,) and second.shape == (2,)
    assert first[0] > second[0]
    assert first[1] > first[2]


def test_a_passage_meets_each_word_as_well_as_its_best_sentence(
    embedding: Embedding, stored: list[StoredPassage]
) -> None:
    question = asked(embedding, "Do drivers eat rice in the canteen?")
    (drivers_and_canteen, rice) = match(question, stored)
    # Drivers are in one sentence and the canteen in another: together they meet more than either.
    assert drivers_and_canteen[0] > drivers_and_canteen[1:].max() + 0.1
    assert rice[0] == pytest.approx(rice[1])
    assert all((np.abs(met) <= 1.02).all() for met in (drivers_and_canteen, rice))


def test_the_rare_word_weighs_most_and_a_lessened_one_less(embedding: Embedding) -> None:
    question = "Does the canteen serve rice?"
    weighed = asked(embedding, question, {stem("rice"): 6.0, stem("canteen"): 2.0})
    of = dict(zip(weighed.stems, weighed.weights.tolist(), strict=True))
    assert of[stem("rice")] > of[stem("canteen")] > of[stem("serve")]
    assert sum(of.values()) == pytest.approx(1)
    words = embedding.encode([question]).words[0]
    halved = asked_words(question, words, lambda s: 1.0, {"rice": 0.5})
    assert halved.weights[-1] == pytest.approx(halved.weights[0] / 2)


def test_words_left_out_are_worth_nothing_and_the_rest_keeps_its_proportions(embedding: Embedding) -> None:
    whole = asked(embedding, "Does the canteen serve rice?", {stem("rice"): 6.0, stem("canteen"): 2.0})
    rest = dict(zip(whole.stems, whole.without(frozenset({stem("canteen")})).weights.tolist(), strict=True))
    assert rest[stem("canteen")] == 0 and sum(rest.values()) == pytest.approx(1)
    assert rest[stem("rice")] == pytest.approx(6 * rest[stem("serve")])
    assert not whole.without(frozenset(whole.stems)).weights.any()


def test_words_after_the_question_are_not_asked_for(embedding: Embedding) -> None:
    question = "Who leads the JOC?"
    words = embedding.encode([f"{question} (joint operations centre)"]).words[0]
    assert asked_words(question, words, lambda s: 1.0, {}).stems == (stem("leads"), stem("joc"))


def test_nothing_is_met_where_there_are_no_words(stored: list[StoredPassage], embedding: Embedding) -> None:
    bare = [s._replace(words=NO_WORDS) for s in stored]
    assert [m.any() for m in match(asked(embedding, "Who drives?"), bare)] == [False, False]
    assert [m.shape for m in match(NOTHING_ASKED, stored)] == [(3,), (2,)]
    assert match(NOTHING_ASKED, []) == []
