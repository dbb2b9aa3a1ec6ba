"""French questions become English words: phrases first, any form of a word, abbreviations, and names left alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from knowledge import french
from knowledge.french import gloss

LIST = Path(french.__file__).with_name("french.txt")


@pytest.mark.parametrize(
    "question, english",
    [
        ("Qui décide du recours à la force ?", "who decide use of force ?"),
        ("les plafonds autorisés de la FINUL", "authorized ceiling UNIFIL"),
        ("À qui rend compte le RSSG ?", "who reports to SRSG ?"),
        ("Combien de véhicules ont été volés ?", "number vehicle steal fly ?"),
        ("d’après l’étude", "according to study"),
        ("Faut-il un laissez-passer ?", "pass ?"),
        ("le 1er juillet", "1 july"),
    ],
)
def test_words_and_phrases_are_said_in_english(question: str, english: str) -> None:
    assert gloss(question) == english


@pytest.mark.parametrize("form", ["déployés", "déployée", "deployees", "DÉPLOYÉES"])
def test_any_form_of_a_word_is_found_with_accents_or_without(form: str) -> None:
    assert gloss(form).startswith("deploy")


def test_a_name_is_not_taken_for_a_form_of_a_word() -> None:
    assert gloss("que fait Formateau à Portail ?") == "Formateau Portail ?"
    assert gloss("le nouveau port de Port-au-Prince") == "new port Port-au-Prince"


def test_an_abbreviation_is_read_in_capitals_only() -> None:
    assert gloss("la RSS en RDC") == "SSR RDC"
    assert gloss("un minus") == "minus"


def test_a_phrase_does_not_reach_over_a_stop() -> None:
    assert gloss("la mission. Droits de l'homme") == "mission. human rights"
    assert "human rights" not in gloss("les droits ? De l'homme")


def test_the_list_gives_each_word_once() -> None:
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    words = Counter(line.partition(": ")[0] for line in lines)
    assert all(line.partition(": ")[2] for line in lines)
    assert [word for word, count in words.items() if count > 1] == []
