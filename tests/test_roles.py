"""Roles are data: loading them, finding them, naming them in a text, and asking as one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answers import Question
from assistant.errors import QuestionError, SettingsError
from assistant.roles.persona import personalise, role_named_in
from assistant.roles.roles import Forms, find_role, load_roles

ROLES = load_roles()
WANTED = {
    "srsg", "dsrsg-rc-hc", "political-dsrsg", "force-commander", "police-commissioner", "head-of-mission-support",
    "chief-of-staff", "head-of-human-rights", "ocha-head-of-office", "unct-head-of-agency", "planning-officer",
    "jmac-joc-chief",
}  # fmt: skip


def test_the_package_has_every_role_asked_for() -> None:
    assert set(ROLES) >= WANTED


@pytest.mark.parametrize("role_id", sorted(ROLES))
def test_every_role_has_hats_questions_and_distinct_sections(role_id: str) -> None:
    role = ROLES[role_id]
    sections = [section.id for section in role.sections]
    assert role.hats and role.hats_section
    assert len(sections) == len(set(sections)) >= 8
    assert all(section.asks for section in role.sections)
    assert role.forms.stand_in(role.called)


def test_a_mission_adds_a_role_and_replaces_one(tmp_path: Path) -> None:
    folder = tmp_path / "roles"
    folder.mkdir()
    (folder / "gender.yaml").write_text(
        "id: gender-adviser\nshort: Gender adviser\ntitle: Senior gender adviser\ncalled: gender adviser\n"
        "without: [structures]\n"
    )
    (folder / "srsg.yaml").write_text("id: srsg\nshort: Head\ntitle: Head of mission\ncalled: head of mission\n")
    roles = load_roles(tmp_path)
    assert roles["srsg"].short == "Head"
    assert "structures" not in [section.id for section in roles["gender-adviser"].sections]
    assert "tasks" in [section.id for section in roles["gender-adviser"].sections]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: x\nshort: X\n", "title"),
        ("id: Bad Id\nshort: X\ntitle: X\ncalled: x\n", "id"),
        ("id: x\nshort: X\ntitle: X\ncalled: x\nhat: []\n", "hat"),
        ("id: [unclosed", "not YAML"),
        ("- a list", "the file"),
    ],
)
def test_a_faulty_role_file_is_named_with_its_field(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "mine.yaml").write_text(text)
    with pytest.raises(SettingsError, match=rf"mine\.yaml.*{said}"):
        load_roles(tmp_path)


@pytest.mark.parametrize("name", ["dsrsg-rc-hc", "DSRSG/RC/HC", "DSRSG RC/HC", "multi-hatted deputy"])
def test_a_role_is_found_by_id_abbreviation_or_name(name: str) -> None:
    assert find_role(name, ROLES).id == "dsrsg-rc-hc"


def test_an_unknown_role_lists_the_roles() -> None:
    with pytest.raises(QuestionError, match=r"'harbour-master'.*dsrsg-rc-hc.*srsg"):
        find_role("harbour-master", ROLES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The DSRSG/RC/HC chairs.", True),
        ("The DSRSG RC/HC chairs.", True),
        ("DSRSGs met.", True),
        ("The DSRSG for political affairs chairs.", False),
        ("The SRSG chairs.", False),
        ("The RC's office moved.", True),
        ("ARC welding is taught.", False),
    ],
)
def test_names_stand_as_words_and_other_roles_do_not_count(text: str, found: bool) -> None:
    assert ROLES["dsrsg-rc-hc"].forms.stand_in(text) is found


def test_the_srsg_is_not_found_in_the_name_of_the_deputy() -> None:
    assert not ROLES["srsg"].forms.stand_in("The Deputy Special Representative of the Secretary-General (DSRSG) left.")
    assert ROLES["srsg"].forms.stand_in("The Special Representatives of the Secretary-General met.")


def test_a_deputy_is_not_whom_it_stands_in_for() -> None:
    forms = Forms(("Designated Official", "SRSG"))
    assert forms.stand_in("The Designated Official decides.") and forms.stand_in("Each SRSG decides.")
    assert not forms.stand_in("The Deputy Designated Official decides, and so does the Deputy SRSG.")
    assert Forms(("Deputy Designated Official",)).stand_in("The Deputy Designated Official decides.")


def test_a_name_in_lower_case_may_open_a_sentence_but_is_not_a_title() -> None:
    forms = Forms(("the deputy",))
    assert forms.stand_in("The deputy decides.")
    assert not forms.stand_in("The Deputy Minister decides.")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("who do I report to on humanitarian matters?", "who does the multi-hatted DSRSG/RC/HC report to"),
        ("What may I decide alone?", "What may the multi-hatted DSRSG/RC/HC decide alone?"),
        ("Am I in charge of QIPs?", "is the multi-hatted DSRSG/RC/HC in charge of QIPs?"),
        ("my reporting line?", "the multi-hatted DSRSG/RC/HC's reporting line?"),
        ("Who supports me?", "Who supports the multi-hatted DSRSG/RC/HC?"),
        ("I'm new, what first?", "the multi-hatted DSRSG/RC/HC is new, what first?"),
        ("whom to consult before moving OCHA", "whom to consult before moving OCHA (multi-hatted DSRSG/RC/HC)?"),
    ],
)
def test_the_first_person_is_read_as_the_role(asked: str, said: str) -> None:
    assert said in personalise(Question(asked, role="dsrsg-rc-hc"), ROLES["dsrsg-rc-hc"])


@pytest.mark.parametrize("asked", ["What is CIMIC?", "What is in Annex I?", "Who decides on QIPs?"])
def test_a_question_without_first_person_stays_as_it_is(asked: str) -> None:
    assert personalise(Question(asked), ROLES["srsg"]) == asked


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("I have just been appointed DSRSG. What should I read?", "dsrsg-rc-hc"),
        ("i've been named political DSRSG, where do i start", "political-dsrsg"),
        ("I'm the new Force Commander", "force-commander"),
        ("I start as head of the OCHA office next week", "ocha-head-of-office"),
        ("newly appointed SRSG, what now?", "srsg"),
        ("I am taking over as Chief of Staff", "chief-of-staff"),
        ("Je viens d'être nommée DSRSG/RC/HC", "dsrsg-rc-hc"),
        ("new CAO here. what is mine to decide", "head-of-mission-support"),
    ],
)
def test_somebody_who_says_which_post_they_take_up_is_heard(text: str, role: str) -> None:
    found = role_named_in(text, ROLES)
    assert found is not None and found.id == role


@pytest.mark.parametrize(
    "text", ["Whom does the DSRSG report to?", "I have just been appointed.", "What did the SRSG say in 2005?", ""]
)
def test_a_plain_question_is_no_appointment(text: str) -> None:
    assert role_named_in(text, ROLES) is None
