"""Every scorer against examples worked by hand."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evals import scorers

QUOTE = "The mission shall report to the Council every ninety days."  # ten words


@pytest.mark.parametrize(
    ("text", "alternatives", "expected"),
    [
        ("Led by the DSRSG.", ["DSRSG"], True),
        ("led by the dsrsg", ["DSRSG"], True),
        ("the DSRSGs met", ["DSRSG"], False),
        ("a multi-hatted deputy", ["multi hatted"], True),
        ("a multi hatted deputy", ["multi-hatted"], True),
        ("a multi‑hatted\n deputy", ["multi-hatted deputy"], True),
        ("peacekeeping", ["peace-keeping"], False),
        ("within 30 days", ["thirty days", "30 days"], True),
        ("within 130 days", ["30 days"], False),
        ("costs $1.5 million.", ["$1.5 million"], True),
        ("rose by 60% in May", ["60%"], True),
        ("the Council’s mandate", ["Council's mandate"], True),
        ("document S/2025/54, para. 23", ["S/2025/54"], True),
        ("", ["anything"], False),
        ("anything", [], False),
    ],
)
def test_a_fact_is_found_at_word_boundaries_case_blind_and_hyphen_as_space(
    text: str, alternatives: list[str], expected: bool
) -> None:
    assert scorers.states(text, alternatives) is expected


def test_nugget_recall_is_facts_found_by_facts_required() -> None:
    facts = [["SRSG", "Special Representative"], ["sixty days", "60 days"], ["Nairobi"]]
    assert scorers.nugget_recall("The special representative has 60 days.", facts) == pytest.approx(2 / 3)
    assert scorers.nugget_recall("Nobody.", facts) == 0
    assert scorers.nugget_recall("Anything", []) is None


def test_a_citation_mark_is_not_a_number_that_was_asked_for() -> None:
    assert scorers.nugget_recall("Several deputies lead it [2] [3, 4].", [["2"], ["4"]]) == 0
    assert scorers.nugget_recall("It has 2 deputies [1].", [["2"]]) == 1


def test_evidence_needs_a_run_of_eight_words_of_the_quote() -> None:
    assert scorers.holds("Indeed the mission shall report to the Council every quarter.", QUOTE)  # words 1-8
    assert scorers.holds(
        "It must report. Mission shall report to the Council every ninety days, or else", QUOTE
    )  # 2-10
    assert not scorers.holds("mission shall report to the Council every", QUOTE)  # seven words
    assert not scorers.holds("the mission shall promptly report to the Council every ninety days", QUOTE)


def test_evidence_is_found_across_punctuation_case_and_broken_words() -> None:
    text = "THE “MISSION”\nshall re-\nport, to the Coun\u00adcil (every) ninety-days"
    assert scorers.holds(text, QUOTE)
    assert scorers.holds(
        "a peace- keeping force of two thousand men came here", "A peacekeeping force of two thousand men came"
    )


def test_a_quote_shorter_than_the_run_must_stand_as_a_whole() -> None:
    assert scorers.holds("a b c d", "b c")
    assert not scorers.holds("a b d", "b c")
    assert not scorers.holds("anything", "…")


def test_evidence_ranks_and_evidence_at_k() -> None:
    passages = ["nothing here", "so the mission shall report to the Council every ninety days", QUOTE]
    ranks = scorers.evidence_ranks([QUOTE, "eight words that are in no passage at all"], passages)
    assert ranks == [2, None]
    assert [scorers.evidence_at(ranks, k) for k in (1, 2, 5)] == [0, 1, 1]
    assert scorers.evidence_at([], 5) is None


def test_reciprocal_rank_is_of_the_first_evidence_and_nothing_beyond_ten() -> None:
    assert scorers.reciprocal_rank([None, 4, 2]) == 0.5
    assert scorers.reciprocal_rank([11]) == 0
    assert scorers.reciprocal_rank([10]) == pytest.approx(0.1)
    assert scorers.reciprocal_rank([None]) == 0
    assert scorers.reciprocal_rank([]) is None


def test_citation_precision_counts_quotes_that_carry_a_fact() -> None:
    quotes = ["The deadline is sixty days.", QUOTE, "The weather was fine."]
    assert scorers.citation_precision(quotes, [["sixty days"]]) == pytest.approx(1 / 3)
    assert scorers.citation_precision([], [["x"]]) is None
    assert scorers.citation_precision(quotes, []) is None


TABLE = "Table 1. Cars\nUnit | Cars\nPolice | 48"


def test_what_is_said_before_a_mark_has_the_words_of_its_quote() -> None:
    cited = {1: ("urges the parties to talk;", "and urges the parties to talk;"), 2: ("Police | 48", TABLE)}
    assert scorers.as_quoted("Urges the parties to talk. [1]\nPolice – Cars: 48 [2]", cited) == 1
    assert scorers.as_quoted("Nobody urges the parties to talk. [1]\nPolice – Cars: 48 [2]", cited) == 0.5
    assert scorers.as_quoted("Police – Cars: 49 [2]", cited) == 0
    assert scorers.as_quoted("The police have 48. [3]", cited) == 0
    assert scorers.as_quoted("The documents do not say.", {}) is None


def test_citation_recall_counts_stated_facts_that_a_quote_carries() -> None:
    facts = [["sixty days"], ["Nairobi"], ["never said"]]
    answer = "Sixty days, in Nairobi [1]."
    assert scorers.citation_recall(answer, ["The deadline is sixty days."], facts) == 0.5
    assert scorers.citation_recall(answer, [], facts) == 0
    assert scorers.citation_recall("Nothing.", ["sixty days"], facts) is None


def test_verbatim_forgives_white_space_and_nothing_else() -> None:
    text = "The convoy leaves\nat dawn; two vehicles lead."
    assert scorers.verbatim([("convoy  leaves at dawn", text), ("two vehicles lead.", text)]) == 1
    assert scorers.verbatim([("convoy leaves at dusk", text), ("two vehicles lead", text)]) == 0.5
    assert scorers.verbatim([("Two vehicles lead", text)]) == 0
    assert scorers.verbatim([("", text)]) == 0
    assert scorers.verbatim([("x", "")]) == 0
    assert scorers.verbatim([]) is None


def test_a_refusal_is_correct_only_without_citations() -> None:
    assert scorers.correct_refusal("not_found", 0, answerable=False) == 1
    assert scorers.correct_refusal("out_of_scope", 0, answerable=False) == 1
    assert scorers.correct_refusal("not_found", 1, answerable=False) == 0
    assert scorers.correct_refusal("answered", 0, answerable=False) == 0
    assert scorers.correct_refusal("needs_clarification", 0, answerable=False) == 0
    assert scorers.correct_refusal("not_found", 0, answerable=True) is None


def test_whoever_is_left_without_an_answer_met_a_false_abstention() -> None:
    statuses = [
        "not_found",
        "out_of_scope",
        "needs_clarification",
        "answered",
        "answered_with_caveat",
        "sources_disagree",
    ]
    assert [scorers.false_abstention(status, True) for status in statuses] == [1, 1, 1, 0, 0, 0]
    assert scorers.false_abstention("not_found", False) is None


def test_an_expected_answer_may_carry_a_caveat_but_not_the_reverse() -> None:
    assert scorers.status_right("answered_with_caveat", "answered") == 1
    assert scorers.status_right("answered", "answered_with_caveat") == 0
    assert scorers.status_right("not_found", "out_of_scope") == 0
    assert scorers.status_right("not_found", "not_found") == 1


def test_words_are_counted_without_citation_marks() -> None:
    assert scorers.word_count("Two well-armed vehicles [1] [2].") == 4


def test_words_are_counted_as_a_reader_would() -> None:
    assert scorers.word_count("") == 0
    assert scorers.word_count("• one\n• two [1]") == 4


def test_a_superseded_document_is_the_wrong_edition_unless_the_evidence_is_in_it() -> None:
    assert scorers.wrong_edition([("old", "superseded")], ["new"]) == 1
    assert scorers.wrong_edition([("old", "superseded")], ["old"]) == 0
    assert scorers.wrong_edition([("old", "superseded"), ("new", "in_force")], ["new"]) == 0
    assert scorers.wrong_edition([("new", "in_force"), ("other", "historical")], ["new"]) == 0
    assert scorers.wrong_edition([], ["new"]) is None


def test_scorers_need_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import evals.scorers; "
        "new = {m.split('.')[0] for m in set(sys.modules) - before}; print(sorted(new - sys.stdlib_module_names))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['evals']"
