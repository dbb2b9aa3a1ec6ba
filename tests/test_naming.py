"""Which documents a question is about."""

from __future__ import annotations

from knowledge.lexicon import is_name
from knowledge.naming import Subject, aboutness, local_rarity, subject, unknown_mission

SIZES = {"north": 10, "south": 20, "general": 40, "other": 10, "last": 5}


def test_a_document_is_about_what_it_says_more_often_than_others() -> None:
    about = aboutness(
        [{"north": 8, "general": 2}, {"north": 1, "south": 1, "general": 1, "other": 1, "last": 1}], SIZES
    )
    assert about["north"] == 1.0
    assert 0 < about["general"] < 0.1
    assert about["south"] == 0.0


def test_a_word_that_every_document_knows_says_nothing() -> None:
    assert set(aboutness([dict.fromkeys(SIZES, 3)], SIZES).values()) == {0.0}


def test_a_subject_is_what_few_documents_know_and_one_is_full_of() -> None:
    found = subject(("UNXX", "United Nations Xanadu Mission"), {"north": 6, "general": 1}, SIZES)
    assert found is not None
    assert found.documents == {"north"}
    assert found.covers("north", "Nothing here names it.")
    assert found.covers("general", "As the United Nations Xanadu Mission reported.")
    assert not found.covers("general", "Another mission altogether.")


def test_what_many_documents_know_or_none_is_full_of_is_no_subject() -> None:
    assert subject(("convoy",), {"north": 9, "south": 9, "general": 9}, SIZES) is None
    assert subject(("convoy",), {"general": 3}, SIZES) is None


def test_a_word_is_rarer_in_a_document_that_seldom_has_it() -> None:
    rarity = local_rarity({"mission": {"north": 9}, "well": {"north": 1}}, "north", 10)
    assert rarity["well"] > rarity["mission"]


def test_a_name_has_a_capital_within_sentences() -> None:
    texts = [
        "The report on Xanadu was read. Convoys move by day.",
        "People in Xanadu, and the convoys there, were seen.",
    ]
    assert is_name("xanadu", texts)
    assert not is_name("convoys", texts)
    assert not is_name("absent", texts)


def test_a_document_of_two_passages_that_mentions_a_name_is_not_about_it() -> None:
    sizes = {"letter": 2, "report": 40, "study": 60, "rules": 50}
    assert subject(["unmiss"], {"letter": 2}, sizes) is None
    found = subject(["unmiss"], {"letter": 2, "report": 20}, {**sizes, "more": 9})
    assert found is not None and "report" in found.documents


def test_an_abbreviation_is_not_named_by_a_longer_word_but_a_country_is_by_its_people() -> None:
    abbreviated = Subject(("au", "African Union"), frozenset())
    assert abbreviated.covers("any", "The AU's envoy came.") and abbreviated.covers("any", "the African Union")
    assert not abbreviated.covers("any", "The authority of the audit board.")
    assert Subject(("iraq",), frozenset()).covers("any", "Iraqi forces")


def test_a_mission_that_no_document_is_about_is_not_another() -> None:
    mission = unknown_mission(("unmis", "United Nations Mission in the Sudan"), general=frozenset({"study"}))
    assert mission is not None and mission.covers("report", "UNMIS is 10,000 strong")
    assert not mission.covers("report", "The mission is 17,000 strong.")
    assert not mission.covers("study", "UNMISS patrols")
    assert mission.covers("study", "Every mission has a chief of staff.")
    assert unknown_mission(("convoy",), frozenset()) is None
