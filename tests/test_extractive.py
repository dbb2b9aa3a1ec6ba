"""The extractive answerer: the document's own sentences, those that answer, in an order that reads well."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedding, document

from assistant.answerers.extractive import ExtractiveAnswerer
from assistant.answers import Question, Status
from assistant.assistant import Draft
from knowledge.directness import directness, measure
from knowledge.documents import Block, Document
from knowledge.glossary import Glossary, extract
from knowledge.passages import cut
from knowledge.queries import understand
from knowledge.question_kind import kind_of
from knowledge.retrieved import Retrieved, RetrievedPassage
from knowledge.words import stems

EMBEDDING = FakeEmbedding()


def retrieved(
    question: str, *sources: tuple[Document, list[Block]], direct: bool = False, expansions: bool = False
) -> Retrieved:
    """What retrieval would bring, best source first, with similarities of shared words."""
    found: list[RetrievedPassage] = []
    vector = EMBEDDING.encode([question]).texts[0]
    cuts = [(of, cut(of.id, blocks, EMBEDDING.token_lengths)) for of, blocks in sources]
    entries = [entry for of, passages in cuts for entry in extract(of.id, passages)]
    query = understand(question, (), Glossary(entries))
    coverage = dict.fromkeys(sorted(stems(" ".join(query.terms))), 1.0)
    for rank, (of, passages) in enumerate(cuts):
        for passage in passages:
            vectors = EMBEDDING.encode([passage.text, *passage.sentence_texts()]).texts.astype(np.float32)
            close = (vectors @ vector).tolist()
            unmet = np.zeros(len(vectors), np.float32)
            answering = measure(passage, query, kind_of(query), close[1:], unmet[1:].tolist(), coverage)
            found.append(
                RetrievedPassage(
                    passage,
                    of,
                    10.0 - rank,
                    close[0],
                    1.0,
                    relevance=10.0 - rank,
                    sentence_scores=tuple(close[1:]),
                    directness=directness(answering),
                    direct=direct,
                    vectors=vectors,
                    met=unmet,
                )
            )
    by_id = {p.passage.id: p for p in found}
    given = tuple((e, by_id[e.passage_id]) for e in entries) if expansions else ()
    return Retrieved(query, tuple(found), vector, coverage, (), given)


def draft(found: Retrieved, max_words: int = 150) -> Draft:
    return ExtractiveAnswerer(max_words).draft(Question(found.query.own_text), found)


def paragraph(text: str, number: str = "1") -> Block:
    return Block("paragraph", text, number=number)


FILLER = "The archive of the mission keeps the minutes of every meeting for ten years in a dry room."
CONVOY = [
    paragraph(
        "The archive keeps its papers dry. The convoy commander reports the departure of the convoy by radio. The"
        " weather in the valley is often poor in the rainy months.",
        "7",
    )
]


def test_every_claim_quotes_its_passage_word_for_word() -> None:
    found = retrieved(
        "Who reports the departure of the convoy?", (document(), CONVOY), (document("b"), [paragraph(FILLER)])
    )
    claims = draft(found).claims
    assert claims
    for claim in claims:
        assert claim.quote in claim.source.passage.text
        assert re.sub(r"\W", "", claim.text) in re.sub(r"\W", "", claim.quote)


def test_the_sentence_that_answers_is_in_the_first_claim() -> None:
    found = retrieved(
        "Who reports the departure of the convoy?", (document(), CONVOY), (document("b"), [paragraph(FILLER)])
    )
    assert "convoy commander reports the departure" in draft(found).claims[0].text


def test_a_sentence_that_points_back_comes_with_the_one_before_it() -> None:
    block = paragraph("The head of security checks each route with the police. This clearance lasts for one day.")
    found = retrieved("How long does the clearance last?", (document(), [block]))
    said = " ".join(claim.text for claim in draft(found).claims)
    assert said.index("head of security") < said.index("This clearance lasts")


def test_a_list_question_is_answered_with_its_lead_in_and_every_item() -> None:
    items = ["a radio", "a signed route clearance", "a medical kit for six", "two spare wheels", "a tow rope"]
    blocks = [paragraph("A convoy commander checks these things:"), *(Block("list_item", i, number="•") for i in items)]
    found = retrieved("Which things must the convoy commander check?", (document(), blocks))
    said = "\n".join(claim.text for claim in draft(found).claims)
    assert all(item in said for item in ["checks these things:", *items])


DEPUTY = [
    paragraph("The post has grown in years. Before anyone takes it up, the mission makes sure that the new deputy"),
    Block("list_item", "has met the heads of all agencies in the capital.", number="(i)"),
    Block("list_item", "has been shown the office, its safe and its two vehicles.", number="(ii)"),
]


def test_half_a_sentence_that_list_items_complete_is_said_with_them_though_it_ends_without_a_colon() -> None:
    question = "What does the mission make sure of before the new deputy takes up the post that has grown in years?"
    said = "\n".join(claim.text for claim in draft(retrieved(question, (document(), DEPUTY)), 30).claims)
    assert said.index("makes sure that the new deputy") < said.index("(i) has met") < said.index("(ii) has been shown")


def test_an_item_is_said_with_the_words_that_lead_into_it_wherever_these_stand() -> None:
    found = retrieved("Who has been shown the two vehicles and the safe?", (document(), DEPUTY))
    said = "\n".join(claim.text for claim in draft(found, 40).claims)
    assert said.index("makes sure that the new deputy") < said.index("(ii) has been shown")


def test_a_table_row_is_said_with_its_column_heads_and_quoted_as_it_stands() -> None:
    rows = (("Section", "Vehicles"), ("Police", "48"), ("Civil affairs", "2"))
    found = retrieved("How many vehicles do the police have?", (document(), [Block("table", "", rows=rows)]))
    claim = next(c for c in draft(found).claims if "48" in c.text)
    assert claim.text == "Police – Vehicles: 48"
    assert claim.quote == "Police | 48"


@pytest.mark.parametrize("max_words", [40, 80, 150])
def test_the_answer_keeps_to_about_its_length(max_words: int) -> None:
    blocks = [
        paragraph(f"The convoy leaves gate {n} at dawn with a medic, and the commander of it signs.", str(n))
        for n in range(1, 40)
    ]
    found = retrieved("When does the convoy leave?", (document(), blocks))
    words = sum(len(claim.text.split()) for claim in draft(found, max_words).claims)
    assert 0 < words <= max_words * 1.1


def test_what_was_said_once_is_not_said_again_from_another_document() -> None:
    found = retrieved("Who reports the departure of the convoy?", (document(), CONVOY), (document("copy"), CONVOY))
    said = " ".join(claim.text for claim in draft(found).claims)
    assert said.count("reports the departure of the convoy") == 1


def test_a_place_asked_for_is_given_from_its_beginning_and_nothing_else() -> None:
    found = retrieved("paragraph 7 of the handbook", (document(), CONVOY), direct=True)
    text = " ".join(claim.quote for claim in draft(found).claims)
    assert text.startswith("The archive keeps its papers dry.") and text.endswith("rainy months.")


def test_two_expansions_of_an_abbreviation_are_put_side_by_side_with_a_notice() -> None:
    sources = [
        (document(title="Handbook"), [paragraph("The Joint Mission Analysis Cell (JMAC) reports daily to the chief.")]),
        (
            document("dir", symbol="FP/2"),
            [paragraph("A Joint Mission Analysis Centre (JMAC) is set up in each mission.")],
        ),
    ]
    made = draft(retrieved("What does JMAC stand for?", *sources, expansions=True))
    assert made.status is Status.SOURCES_DISAGREE
    assert [c.source.document.id for c in made.claims] == ["handbook", "dir"]
    (notice,) = made.notices
    assert notice.kind == "sources_disagree"
    assert all(words in notice.text for words in ("Cell", "Centre", "FP/2", "Handbook", "JMAC"))


def test_one_expansion_is_a_plain_answer() -> None:
    block = paragraph("The Joint Mission Analysis Cell (JMAC) reports daily to the chief of staff.")
    made = draft(retrieved("What does JMAC stand for?", (document(), [block]), expansions=True))
    assert (made.status, made.notices, len(made.claims)) == (Status.ANSWERED, (), 1)


def test_without_passages_there_is_nothing_to_claim() -> None:
    assert draft(retrieved("What is a convoy?")).claims == ()


def test_the_answerer_imports_no_model(tmp_path: Path) -> None:
    answerer = ExtractiveAnswerer()
    assert (answerer.name, answerer.model, answerer.prompt) == ("extractive", None, None)


def test_two_documents_with_different_figures_are_shown_side_by_side() -> None:
    def source(id_: str, depth: str) -> tuple[Document, list[Block]]:
        return document(id_), [
            paragraph(f"The well of the northern camp is {depth} metres deep."),
            paragraph(FILLER, "2"),
        ]

    made = draft(
        retrieved("How many metres deep is the well of the northern camp?", source("one", "40"), source("two", "65"))
    )
    assert made.status is Status.SOURCES_DISAGREE
    assert [claim.source.document.id for claim in made.claims[:2]] == ["one", "two"]
    assert all(claim.opens_line for claim in made.claims[:2])
    assert "different figures" in made.notices[0].text


def test_documents_that_agree_on_a_figure_or_speak_of_other_things_do_not_disagree() -> None:
    def status(first: str, second: str) -> Status:
        sources = [(document(i), [paragraph(text)]) for i, text in (("one", first), ("two", second))]
        return draft(retrieved("How many metres deep is the well of the camp?", *sources)).status

    assert (
        status("The well of the camp is 40 metres deep.", "The well of our camp is 40 metres deep.") is Status.ANSWERED
    )
    assert status("The well of the camp is 40 metres deep.", "The bridge carries 12 lorries a day.") is Status.ANSWERED


def test_of_equally_direct_answers_to_when_the_newest_document_is_read_first() -> None:
    old = (document("old", date="2024-03"), [paragraph("The mandate of the mission was extended until 30 April 2025.")])
    new = (document("new", date="2025-03"), [paragraph("The mandate of the mission is extended until 30 April 2026.")])
    for sources in ((old, new), (new, old)):
        claims = draft(retrieved("until when is the mandate of the mission extended?", *sources)).claims
        assert [claim.source.document.id for claim in claims] == ["new", "old"]
    named = retrieved("until when was the mandate of the mission extended in 2024?", old, new)
    assert [claim.source.document.id for claim in draft(named).claims] == ["old", "new"]


def test_a_newer_document_that_answers_less_directly_is_not_read_first() -> None:
    old = (document("old", date="2024-03"), [paragraph("The mandate of the mission was extended until 30 April 2025.")])
    new = (document("new", date="2025-03"), [paragraph("The mission has had three mandates since 2019.")])
    claims = draft(retrieved("until when is the mandate of the mission extended?", old, new)).claims
    assert claims[0].source.document.id == "old"


def test_a_newer_passage_whose_dated_sentence_is_not_said_is_not_read_first() -> None:
    said = "The mandate of the mission is extended until 30 April 2026."
    old = (document("old", date="2024-03"), [paragraph(said)])
    new = (
        document("new", date="2025-03"),
        [paragraph(f"{said} The Council thanked the mission.")],
    )
    claims = draft(retrieved("until when is the mandate of the mission extended?", old, new)).claims
    assert claims[0].source.document.id == "old"
