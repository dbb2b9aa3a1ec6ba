"""The glossary shows every abbreviation with all its expansions and where each stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Focal, copy_home

from assistant.abbreviations import Entry, entries, only, to_json, to_text
from assistant.assistant import Assistant
from assistant.errors import QuestionError
from knowledge.access import PUBLIC, Asker
from knowledge.documents import Classification


def glossary(assistant: Assistant, asker: Asker = PUBLIC, short: str | None = None) -> list[Entry]:
    found = entries(assistant.register, assistant.retriever.glossary(asker), asker)
    return found if short is None else only(found, short)


def test_an_abbreviation_with_two_expansions_shows_both_with_their_places(library: Assistant) -> None:
    (jmac,) = glossary(library, short="jmac")
    assert {expansion.long for expansion in jmac.expansions} == {
        "Joint Mission Analysis Cell",
        "Joint Mission Analysis Centre",
    }
    assert {citation.document_id for expansion in jmac.expansions for citation in expansion.places} == {
        "mission-handbook",
        "analysis-directive",
    }


def test_every_place_quotes_the_words_that_expand_it(library: Assistant) -> None:
    found = glossary(library)
    assert [entry.short for entry in found] == sorted((entry.short for entry in found), key=str.casefold)
    for entry in found:
        for expansion in entry.expansions:
            assert all(entry.short in citation.quote for citation in expansion.places)


def test_superseded_places_say_so(library: Assistant) -> None:
    assert "FP/SOP/2019/3, para. 1 (superseded)" in to_text(glossary(library, short="JOC"))


def test_what_the_asker_may_not_read_is_not_in_the_glossary(restricted: Assistant) -> None:
    shorts = {entry.short for entry in glossary(restricted)}
    assert "ZXQB" not in shorts
    assert "Armour" not in to_json(glossary(restricted, short="JMAC"))
    assert "ZXQB" in {entry.short for entry in glossary(restricted, Asker(Classification.CONFIDENTIAL))}


def test_an_unknown_abbreviation_is_a_question_error(library: Assistant) -> None:
    with pytest.raises(QuestionError, match="'QQQ'"):
        glossary(library, short="QQQ")


def test_the_command_prints_text_or_json(library_folder: Path, tmp_path: Path, focal: Focal) -> None:
    home = copy_home(library_folder, tmp_path / "home")
    text = focal("glossary", home=home)
    assert text.returncode == 0 and "Joint Mission Analysis Centre" in text.stdout
    rows = json.loads(focal("glossary", "JMAC", "--json", home=home).stdout)
    assert rows[0]["short"] == "JMAC" and len(rows[0]["expansions"]) == 2
    unknown = focal("glossary", "QQQ", home=home)
    assert unknown.returncode == 1 and "QQQ" in unknown.stderr
