"""A briefing says what the loaded documents say of a role, cited, and nothing else; nobody reads more than they may."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Focal, settings, with_models
from fakes import passage
from library import write_documents

from assistant.assistant import Assistant
from assistant.bootstrap import assistant_for, open_home
from assistant.loading import load
from assistant.roles import command, render
from assistant.roles.briefing import Briefing, compose
from assistant.roles.docx import to_docx
from assistant.roles.readable import leans, readable_run
from assistant.roles.roles import Role, load_roles
from knowledge.access import PUBLIC, Asker
from knowledge.documents import Classification, Sentence

ROLE = """\
id: harbour-master
short: Harbour master
title: Harbour master of the mission
called: harbour master
abbreviations: [HM]
names: [harbour masters]
hats:
  - name: Harbour master
    primary: {ask: "Whom does the harbour master report to?", words: [report, reporting line]}
    dotted: {ask: "When may the harbour master use a dotted line?", words: [dotted]}
  - name: Pier warden
    secondary: {ask: "Whom does the pier warden report to?", words: [report]}
sections:
  - id: tensions
    title: Where the tides pull apart
    side_by_side: true
    asks:
      - {ask: "Is the harbour master free to close the port?", words: [close]}
"""

DOCUMENTS = {
    "harbour.md": """\
---
id: harbour
symbol: FP/SOP/2030/1
title: Running the harbour
standing: in_force
date: "2030-01-01"
---
# Running the harbour

## The post

1. The harbour master is the officer who runs the mission's port and its barges. This officer also keeps the keys.

2. The harbour master reports to the head of mission. As pier warden the officer reports to the chief engineer.

3. The harbour master is responsible for the safety of barges. Nothing was said about *<script>alert(1)</script>* rope.

4. The harbour master may close the port for one tide. However, it must be opened again.
""",
    "old-harbour.md": """\
---
id: old-harbour
title: The harbour as it was
standing: superseded
superseded_by: harbour
date: "2019-01-01"
---
# The harbour as it was

1. The harbour master was not free to close the port unless the Minister of Ports agreed in writing beforehand.
""",
    "cooking.md": """\
---
id: cooking
title: Cooking for barges
standing: in_force
date: "2030-01-01"
---
# Cooking

1. The cook reports to the purser and is responsible for soup, which must be served hot to every crew.
""",
}
SECRET = {
    "secret.md": """\
---
id: secret
title: The sealed orders
standing: in_force
classification: confidential
date: "2031-01-01"
---
# The sealed orders

1. The harbour master is responsible for the hidden submarine at pier nine and reports on it to nobody at all.
"""
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("harbour")
    home = open_home(settings(with_models(folder / "home", models), highest_classification="confidential"))
    files = write_documents(folder / "documents", DOCUMENTS)
    secret = write_documents(folder / "secret", SECRET)
    loaded = [*load(home, [files]), *load(home, [secret], Classification.CONFIDENTIAL)]
    assert [o.reason for o in loaded if o.state != "added"] == []
    yield assistant_for(home)
    home.close()


@pytest.fixture(scope="module")
def role(tmp_path_factory: pytest.TempPathFactory) -> Role:
    folder = tmp_path_factory.mktemp("mission")
    (folder / "roles").mkdir()
    (folder / "roles" / "harbour.yaml").write_text(ROLE)
    return load_roles(folder)["harbour-master"]


@pytest.fixture(scope="module")
def briefing(assistant: Assistant, role: Role) -> Briefing:
    return compose(role, assistant, PUBLIC)


def test_every_line_stands_word_for_word_in_its_document(briefing: Briefing) -> None:
    everything = " ".join(" ".join(text.replace("*", "").split()) for text in DOCUMENTS.values())
    lines = list(briefing.lines)
    assert len(lines) >= 4
    missing = [q for q in (" ".join(line.citation.quote.split()) for line in lines) if q not in everything]
    assert missing == []


def test_no_sentence_appears_twice_and_numbers_run_on(briefing: Briefing) -> None:
    lines = list(briefing.lines)
    assert len({line.citation.quote for line in lines}) == len(lines)
    assert [line.citation.number for line in lines] == list(range(1, len(lines) + 1))


def test_every_line_is_about_the_role(briefing: Briefing) -> None:
    assert all("cook" not in line.text for line in briefing.lines)


def test_reporting_lines_are_bound_to_their_hats(briefing: Briefing) -> None:
    master, warden = briefing.hats
    told = {line.citation.number: line.text for line in briefing.lines}
    assert "reports to the head of mission" in told[master.primary[0]]
    assert "reports to the chief engineer" in told[warden.secondary[0]]
    assert master.dotted == ()


def test_a_sentence_that_leans_comes_with_the_one_before_or_not_at_all(briefing: Briefing) -> None:
    assert not [line.text for line in briefing.lines if line.text.startswith(("This", "However"))]


def test_superseded_guidance_is_marked_and_stands_beside_what_replaced_it(briefing: Briefing) -> None:
    tensions = next(section for section in briefing.sections if section.id == "tensions")
    assert tensions.side_by_side
    assert [line.citation.document_id for line in tensions.lines][-1] == "old-harbour"
    assert tensions.lines[-1].citation.superseded_by == "harbour"
    assert any(notice.kind == "superseded" for notice in briefing.notices)
    assert "SUPERSEDED by harbour" in render.to_markdown(briefing)


def test_what_no_document_says_is_listed(briefing: Briefing) -> None:
    gaps = [gap.question for gap in briefing.not_covered]
    assert "When may the harbour master use a dotted line?" in gaps
    assert "What is the Joint Operations Centre and who takes part in it?" in gaps


def test_the_reading_list_names_documents_about_the_role_only(briefing: Briefing) -> None:
    assert [entry.document_id for entry in briefing.reading_list] == ["harbour", "old-harbour"]
    assert briefing.reading_list[0].places[0].paragraph == "1"


def test_what_the_asker_may_not_read_leaves_no_trace(assistant: Assistant, role: Role, briefing: Briefing) -> None:
    assert "submarine" not in str(briefing.as_dict())
    assert briefing.classification == "unclassified"
    cleared = compose(role, assistant, Asker(Classification.CONFIDENTIAL))
    assert "submarine" in str(cleared.as_dict())
    assert cleared.classification == "confidential"
    assert cleared.index != briefing.index


def test_the_same_documents_give_the_same_briefing(assistant: Assistant, role: Role, briefing: Briefing) -> None:
    assert compose(role, assistant, PUBLIC) == briefing


def test_a_role_nobody_writes_about_gives_an_honest_briefing(assistant: Assistant) -> None:
    empty = compose(load_roles()["police-commissioner"], assistant, PUBLIC)
    assert list(empty.lines) == [] and empty.reading_list == ()
    assert len(empty.not_covered) > 10
    assert render.GAPS in render.to_text(empty).replace(render.GAPS.upper(), render.GAPS)


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_each_format_carries_every_line_with_its_place(briefing: Briefing, form: str) -> None:
    written = " ".join(str(command.FORMATS[form](briefing)).split())
    for line in briefing.lines:
        assert " ".join(line.text.split())[:40] in written
    assert "FP/SOP/2030/1" in written


def test_words_of_a_document_cannot_become_markup(briefing: Briefing) -> None:
    assert "<script>" not in render.to_html(briefing)
    assert "<script>" not in render.to_markdown(briefing)


def test_the_word_file_opens_with_headings_table_and_lines(briefing: Briefing) -> None:
    import docx

    document = docx.Document(io.BytesIO(to_docx(briefing)))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert all(line.text in text for line in briefing.lines)
    assert [cell.text for cell in document.tables[0].rows[0].cells] == list(render.HAT_HEADS)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("This officer keeps the keys.", True),
        ("However, it must be opened.", True),
        ("The arrangement costs money.", True),
        ("The arrangement of the berths costs money.", False),
        ("It is important to lock the gate.", False),
        ("It leaks.", True),
        ("Amongst others, it carries rope.", True),
        ("In those instances the gate stays shut.", True),
        ("Those who sail late pay more.", True),
        ("Barges pay those who tow them.", False),
        ("There should be two keys.", False),
        ("Keys such as these are rare.", True),
        ("As discussed in the introduction, keys rust.", True),
        ("Harbour masters keep keys.", False),
    ],
)
def test_leaning_sentences_are_told_from_free_ones(sentence: str, said: bool) -> None:
    assert leans(sentence) is said


def test_a_lead_in_goes_with_its_items() -> None:
    texts = ["The harbour master keeps these three things in the safe:", "- the keys;", "- the flag;", "- the log."]
    body = "\n".join(texts)
    starts = [body.index(text) for text in texts]
    spans = tuple(Sentence(start, start + len(text)) for start, text in zip(starts, texts, strict=True))
    found = passage(body, kind="list", sentences=spans)
    assert readable_run(found, [t.replace("these three", "three") for t in texts], 2) == [0, 1, 2, 3]


def test_the_command_writes_a_file_whole_or_not_at_all(library_folder: Path, tmp_path: Path, focal: Focal) -> None:
    from conftest import copy_home

    home = copy_home(library_folder, tmp_path / "home")
    done = focal("brief", "jmac-joc-chief", "--format", "docx", "--out", "out.docx", home=home)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.docx").read_bytes()[:2] == b"PK"
    assert not list(tmp_path.glob("*.partial"))
    for words, said in (
        (("brief", "harbour-master"), "use one of chief-of-staff"),
        (("brief", "srsg", "--format", "pdf"), "use one of text, markdown, html, docx"),
        (("brief", "srsg", "--format", "docx"), "needs --out"),
    ):
        refused = focal(*words, home=home)
        assert refused.returncode == 1 and said in refused.stderr and refused.stdout == ""
