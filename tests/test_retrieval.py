"""Retrieval over a small library: named places, abbreviations, slips, filters, twins, and nothing of what is hidden."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fakes import document
from library import SECRET_WORD
from threadpoolctl import threadpool_info

from assistant.answers import Filters, Question
from assistant.assistant import Assistant
from assistant.bootstrap import Home
from knowledge.access import PUBLIC, Asker
from knowledge.crossencoder import UNREAD, Text
from knowledge.documents import Classification
from knowledge.retrieval import READ_PASSAGES, READ_WORDS, Retriever, Weights
from knowledge.retrieved import Retrieved, RetrievedPassage, Scope

CLEARED = Asker(Classification.CONFIDENTIAL)
POLICE = Asker(groups=frozenset({"police"}))


def ask(library: Assistant, text: str, asker: Asker = PUBLIC, *history: str, **scope: object) -> Retrieved:
    return library.retriever.retrieve(text, asker, history, Scope(**scope))


def places(found: Retrieved) -> list[tuple[str, str | None, str | None]]:
    return [(p.document.id, p.passage.paragraph, p.passage.part) for p in found.passages]


def alone(home: Home, dense: float, question: str) -> Retrieved:
    store = home.store
    weights = Weights(dense=dense)
    return Retriever(store.register, store.index, store.embedding, home.cross_encoder, weights).retrieve(
        question, PUBLIC
    )


def test_products_of_vectors_leave_the_other_cores_to_the_models(library_home: Home) -> None:
    library_home.store.embedding.encode(["Who signs?"])
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}


def test_dense_alone_orders_by_closeness_and_keywords_alone_find_only_what_holds_a_word(library_home: Home) -> None:
    dense = alone(library_home, 1.0, "How does the column tell headquarters that it has set off?")
    assert [p.relevance for p in dense.passages] == sorted((p.relevance for p in dense.passages), reverse=True)
    keyword = alone(library_home, 0.0, "escort")
    assert keyword.passages and all("escort" in p.passage.text.lower() for p in keyword.passages)
    assert any("escort" not in p.passage.text.lower() for p in alone(library_home, 1.0, "escort").passages)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("S/2031/54 para 23", ("s-2031-54", "23", None)),
        ("what does paragraph 24 of S/2031/54 say", ("s-2031-54", "24", None)),
        ("§ 3 of FP/SOP/2024/7", ("convoy-sop-2024", "3", None)),
        ("para 1, annex I of s/2031/54", ("s-2031-54", "1", "Annex I")),
        ("paragraph 2 of the mission handbook", ("mission-handbook", "2", None)),
    ],
)
def test_a_named_place_comes_first(library: Assistant, question: str, place: tuple[str, str, str | None]) -> None:
    found = ask(library, question)
    assert places(found)[0] == place
    assert [p.direct for p in found.passages].count(True) == 1


class Favours:
    """A cross-encoder for which only what holds a word answers; it notes what it read."""

    def __init__(self, word: str) -> None:
        self.word, self.texts = word, list[Text]()

    def scores(self, question: str, texts: Sequence[Text]) -> list[tuple[float, ...]]:
        self.texts += texts
        return [tuple(5.0 if self.word in t.text[a:b] else -9.0 for a, b in t.sentences) for t in texts]


def test_the_likeliest_sentences_are_read_and_what_that_says_changes_the_order(library_home: Home) -> None:
    store, said = library_home.store, ("signed route clearance", "written permission")
    ranks = {}
    for favoured in said:
        reads = Favours(favoured)
        retriever = Retriever(store.register, store.index, store.embedding, reads)
        passages = retriever.retrieve("What must a convoy have before departure?", PUBLIC, limit=1000).passages
        assert len(reads.texts) <= READ_PASSAGES < len(passages)
        read = {p.passage.sentence_texts()[n] for p in passages for n, odds in enumerate(p.read) if odds != UNREAD}
        assert read == {text.text[a:b] for text in reads.texts for a, b in text.sentences}
        assert "May 2024. Convoy movements. Departure." in {text.context for text in reads.texts}
        ranks[favoured] = [next(n for n, p in enumerate(passages) if words in p.passage.text) for words in said]
    first, second = (ranks[favoured] for favoured in said)
    assert first[0] < second[0] or second[1] < first[1]
    assert first[0] <= second[0] and second[1] <= first[1]


def test_a_long_question_leaves_fewer_words_to_read_but_never_none(library_home: Home) -> None:
    store = library_home.store
    words = {}
    for padding in ("", "We have waited at the gate since Tuesday and nobody tells us anything. " * 20, "gate " * 700):
        reads = Favours("")
        question = f"{padding}What must a convoy have before departure?"
        Retriever(store.register, store.index, store.embedding, reads).retrieve(question, PUBLIC)
        words[len(question)] = sum(len(text.text.split()) for text in reads.texts)
    short, long, longest = words.values()
    assert READ_WORDS > short > long >= longest > 0


@pytest.mark.parametrize(
    ("date", "month"), [("2025-02-14", "February 2025"), ("2008-12", "December 2008"), ("1999", "1999"), (None, "")]
)
def test_a_documents_date_is_read_as_people_say_it(date: str | None, month: str) -> None:
    assert document("d", date=date).month == month


def test_what_the_asker_may_not_read_is_not_read_for_them(restricted_home: Home) -> None:
    store = restricted_home.store
    for asker, secret in ((PUBLIC, False), (CLEARED, True)):
        reads = Favours("")
        Retriever(store.register, store.index, store.embedding, reads).retrieve(SECRET_WORD, asker)
        assert any(SECRET_WORD in text.text.lower() for text in reads.texts) is secret


def test_a_place_that_the_document_does_not_have_is_no_direct_hit(library: Assistant) -> None:
    assert not any(p.direct for p in ask(library, "S/2031/54 para 99").passages)


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("how fast may a convoy drive on a paved road?", ("convoy-sop-2024", "4", None)),
        ("a dog bit me, what now?", ("rabies-guideline", "1", None)),
        ("ceasefire violations recorded along the northern line", ("s-2031-54", "23", None)),
        ("2101 violations", ("s-2031-54", "23", None)),
        ("how many cars do the police have", ("mission-handbook", None, None)),
        ("combien de femmes dans la composante de police ?", ("s-2031-54", "2", "Annex I")),
    ],
)
def test_a_question_in_other_words_finds_its_paragraph_among_the_first_three(
    library: Assistant, question: str, best: tuple[str, str | None, str | None]
) -> None:
    assert best in places(ask(library, question))[:3]


def test_an_abbreviation_finds_its_expansion_and_an_expansion_its_abbreviation(library: Assistant) -> None:
    found = ask(library, "who tests the wells, the EHLT?")
    assert found.query.phrases == ("Environmental Health Laboratory Team",)
    assert places(found)[0] == ("mission-handbook", "4", None)
    written_out = ask(library, "who tests the wells, the environmental health laboratory team?")
    assert places(written_out) == places(found)


def test_every_expansion_of_an_abbreviation_is_kept_with_its_document(library: Assistant) -> None:
    found = ask(library, "What does JMAC stand for?")
    assert {(entry.long, source.document.id) for entry, source in found.expansions} == {
        ("Joint Mission Analysis Cell", "mission-handbook"),
        ("Joint Mission Analysis Centre", "analysis-directive"),
    }


def test_a_misspelt_question_finds_what_the_right_one_finds(library: Assistant) -> None:
    slip = ask(library, "recieves the passanger a waivver of liabillity?")
    assert places(slip)[0] == ("convoy-sop-2019", "2", None)


def test_near_twins_count_once_and_are_named(library: Assistant) -> None:
    found = ask(library, "A driver loses the fuel log")
    texts = [p.passage.text for p in found.passages]
    assert len(texts) == len(set(texts))
    first = found.passages[0]
    assert "odometer" in first.passage.text and len(first.twins) == 1
    assert library.register.passage(first.twins[0], PUBLIC).text == first.passage.text


def test_a_follow_up_is_understood_from_the_turn_before(library: Assistant) -> None:
    alone = ask(library, "and at night?")
    led = ask(library, "and at night?", PUBLIC, "When may convoys move?")
    assert places(led)[0] == ("convoy-sop-2024", "3", None)
    assert led.query.context_terms and not alone.query.context_terms


@pytest.mark.parametrize(
    ("scope", "documents"),
    [
        ({"documents": ("study-2003",)}, {"study-2003"}),
        ({"kinds": ("study", "policy")}, {"study-2003", "analysis-directive"}),
        ({"since": "2025"}, {"welcome-note", "s-2031-54"}),
        ({"since": "2025-03-02"}, {"s-2031-54"}),
        ({"until": "2018"}, {"study-2003", "rabies-guideline"}),
        ({"until": "2018-06-29"}, {"study-2003"}),
        ({"since": "2022-09-15", "until": "2022-09-15"}, {"mission-handbook"}),
        ({"documents": ("study-2003",), "since": "2030"}, set()),
        ({"documents": ("no-such-document",)}, set()),
    ],
)
def test_a_filter_lets_only_its_documents_speak(
    library: Assistant, scope: dict[str, object], documents: set[str]
) -> None:
    found = ask(library, "convoy patrol cell dog card parliament report", PUBLIC, **scope)
    assert {p.document.id for p in found.passages} == documents


def test_a_filter_brings_passages_that_an_open_search_would_not(library: Assistant) -> None:
    found = ask(library, "speed limit of a convoy on paved roads", documents=("study-2003",))
    assert len(found.passages) == 3


@pytest.mark.parametrize("limit", [1, 3, 40])
def test_gives_at_most_as_many_passages_as_asked_best_first(library: Assistant, limit: int) -> None:
    found = library.retriever.retrieve("convoy", PUBLIC, limit=limit)
    assert len(found.passages) <= limit
    # A superseded document comes after its successor, whatever its score.
    scores = [p.score for p in found.passages if not p.direct and p.document.standing != "superseded"]
    assert scores == sorted(scores, reverse=True)


def test_the_same_question_gives_the_same_passages_and_scores(library: Assistant) -> None:
    one, two = (ask(library, "who tests the water?") for _ in range(2))
    assert [(p.passage.id, p.score) for p in one.passages] == [(p.passage.id, p.score) for p in two.passages]


@pytest.mark.parametrize(
    "question", ["", "?", "\x00", '" OR 1', "NEAR(", "* AND (", "the of and", "🚁", "a" * 4000, "col: x", "'; --"]
)
def test_no_wording_breaks_the_search(library: Assistant, question: str) -> None:
    assert isinstance(ask(library, question).passages, tuple)


# --- two worlds: one with restricted documents, one without

SNOOPING = [
    "how fast may a convoy drive on paved roads?",
    "What does JMAC stand for?",
    "What does ZXQB stand for?",
    "Zonal Xylophone Quarantine Board",
    f"what is planned for camp {SECRET_WORD}?",
    "quokkavile evakuation plan",
    "evacuaton of the camp by the nothern gate",
    "FP/PLAN/2025/9 para 1",
    "paragraph 1 of the evacuation plan",
    "marmalade watch",
    "duty roster of the police component, paragraph 2",
    "four armed escort vehicles",
    "rabies barges fuel drinking water identity cards",
    "what does the parliament of Ruritania adopt",
    "speed limit 120 kilometres",
    "flag lowered open radio channel",
    "armed escort vehicles of the head of mission",
    "and who covers it?",
]


def shown(found: Retrieved) -> list[tuple[object, ...]]:
    return [(p.passage.id, p.score, p.dense, p.keyword, p.sentence_scores, p.direct, p.twins) for p in found.passages]


@pytest.mark.parametrize("question", SNOOPING)
def test_a_restricted_document_has_no_influence_on_what_others_find(
    library: Assistant, restricted: Assistant, question: str
) -> None:
    without, beside = (ask(a, question, PUBLIC, "how does the convoy leave?") for a in (library, restricted))
    assert shown(without) == shown(beside)
    assert without.query == beside.query
    assert without.coverage == beside.coverage
    assert (without.mentioned, without.expansions) == (beside.mentioned, beside.expansions)


def test_a_restricted_document_changes_no_count_list_or_fingerprint_of_others(
    library: Assistant, restricted: Assistant
) -> None:
    worlds = (library, restricted)
    assert restricted.register.fingerprint(PUBLIC) == library.register.fingerprint(PUBLIC)
    documents = [[d.id for d in world.register.documents(PUBLIC)] for world in worlds]
    assert documents[0] == documents[1]
    entries = [world.retriever.glossary(PUBLIC).entries for world in worlds]
    assert entries[0] == entries[1]
    counts = [world.register.text.vocabulary(world.register.class_ids(PUBLIC)) for world in worlds]
    assert counts[0] == counts[1]


def test_a_document_filter_cannot_reach_what_the_asker_may_not_read(restricted: Assistant) -> None:
    for name in ("camp-plan", "police-roster"):
        found = ask(restricted, "evacuation and marmalade", PUBLIC, documents=(name,))
        assert found.passages == ()


@pytest.mark.parametrize(
    ("asker", "question", "document"),
    [
        (CLEARED, f"evacuation of camp {SECRET_WORD}", "camp-plan"),
        (CLEARED, "FP/PLAN/2025/9 para 1", "camp-plan"),
        (POLICE, "marmalade watch", "police-roster"),
    ],
)
def test_whoever_may_read_it_finds_it(restricted: Assistant, asker: Asker, question: str, document: str) -> None:
    assert ask(restricted, question, asker).passages[0].document.id == document


def test_clearance_does_not_stand_in_for_a_group_nor_a_group_for_clearance(restricted: Assistant) -> None:
    def found(asker: Asker) -> set[str]:
        return {p.document.id for p in ask(restricted, "evacuation and marmalade at the gate", asker).passages}

    assert "police-roster" not in found(CLEARED) and "camp-plan" in found(CLEARED)
    assert "camp-plan" not in found(POLICE) and "police-roster" in found(POLICE)


def test_after_a_cleared_asker_the_next_one_sees_only_the_public_world(
    library: Assistant, restricted: Assistant
) -> None:
    question = f"evacuation of camp {SECRET_WORD}"
    ask(restricted, question, CLEARED)
    assert shown(ask(restricted, question)) == shown(ask(library, question))


def test_a_passage_found_is_always_one_that_the_register_gives_the_asker(restricted: Assistant) -> None:
    for asker in (PUBLIC, CLEARED, POLICE):
        for question in SNOOPING:
            found: tuple[RetrievedPassage, ...] = ask(restricted, question, asker).passages
            assert all(restricted.register.passage(p.passage.id, asker) == p.passage for p in found)


def test_an_empty_index_finds_nothing_and_says_so(library: Assistant) -> None:
    nobody = Filters(documents=("none",))
    assert library.retrieve(Question("what is a convoy?", filters=nobody), PUBLIC).passages == ()
