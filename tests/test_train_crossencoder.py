"""Training the cross-encoder: the questions it learns from, how they are shown, and that it learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import CORPUS, settings

from evals.scorers import word_list
from evals.suites import SUITES, load_suite
from evals.train_crossencoder import (
    QUESTIONS,
    SHOWN,
    Group,
    changed,
    loss,
    main,
    public_groups,
    reading_groups,
    shown,
    train,
)  # fmt: skip
from knowledge.crossencoder import Text, keep, scorer, trained

LINES = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


def passage(text: str) -> Text:
    ends = [i + 1 for i, c in enumerate(text) if c == "."]
    starts = [0, *(end + 1 for end in ends[:-1])]
    return Text("", text, list(zip(starts, ends, strict=True)))


WELLS = passage("The wells were dug in 2019. Each person receives twenty litres a day. A pump is kept in reserve.")
GATE = passage("The gate is made of steel. The duty officer lets visitors in. Dogs stay outside.")
NONE: frozenset[int] = frozenset()
GROUPS = [
    Group("Who lets visitors in?", (GATE, WELLS), (frozenset({1}), NONE)),
    Group("How much water does each person get?", (GATE, WELLS), (NONE, frozenset({1}))),
    Group("When were the wells dug?", (WELLS, GATE), (frozenset({0}), NONE)),
    Group("What does diesel cost?", (WELLS, GATE), (NONE, NONE)),
]


def test_the_questions_are_balanced_unlike_one_another_and_none_is_a_case_of_a_suite() -> None:
    asked = [line["question"].casefold() for line in LINES]
    assert len(set(asked)) == len(asked) > 2000
    assert 0.4 < sum(bool(line["quotes"]) for line in LINES) / len(LINES) < 0.6
    assert not set(asked) & {case.question.casefold() for name in SUITES for case in load_suite(name).cases}
    assert max(len(words.split()) for line in LINES for _, words in line["quotes"]) <= 12


@pytest.mark.skipif(not CORPUS.exists(), reason="needs ../shared")
def test_quotes_stand_in_the_guidance_they_name() -> None:
    said = {
        path.stem: " ".join(word_list(path.read_text(encoding="utf-8", errors="replace")))
        for path in (CORPUS / "guidance").glob("*.txt")
    }
    of_guidance = [quote for line in LINES for quote in line["quotes"] if quote[0] in said]
    found = [" ".join(word_list(words)) in said[document] for document, words in of_guidance]
    # Words split at a line's end are joined in the index, and stand apart in the file.
    assert len(found) > 400 and sum(found) / len(found) > 0.9


def test_our_own_questions_come_with_what_is_retrieved_and_without_an_answer_there_are_left_out(
    new_home: Callable[[str], Path], tmp_path: Path
) -> None:
    answerable = [case for case in load_suite("starter").cases if case.evidence][:12]
    lines = [
        *({"question": c.question, "quotes": [[e.document, e.quote] for e in c.evidence]} for c in answerable),
        {"question": "What does a litre of diesel cost?", "quotes": []},
        {"question": "Who signs?", "quotes": [["nowhere", "words that stand in no document at all of these"]]},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    groups = list(reading_groups(settings(new_home("home")), path, "starter"))
    assert "Who signs?" not in [group.question for group in groups]
    assert not any(groups[-1].right) and groups[-1].question.endswith("diesel cost?")
    assert len(groups) > 8 and all(any(group.right) for group in groups[:-1])


def test_a_public_question_comes_with_its_paragraph_and_others_that_do_not_hold_the_answer(
    new_home: Callable[[str], Path], tmp_path: Path
) -> None:
    def paragraph(text: Text, *questions: tuple[str, str]) -> dict[str, object]:
        return {"context": text.text, "qas": [
            {"question": q, "answers": [{"text": a, "answer_start": text.text.index(a)}] if a else []}
            for q, a in questions
        ]}  # fmt: skip

    again = passage("Ten litres were planned. The duty officer counts them.")
    path = tmp_path / "squad.json"
    paragraphs = [
        paragraph(GATE, ("Who lets visitors in?", "duty officer"), ("Who paints the gate?", "")),
        paragraph(WELLS), paragraph(again),
    ]  # fmt: skip
    path.write_text(json.dumps({"data": [{"title": "Camp_rules", "paragraphs": paragraphs}]}), encoding="utf-8")
    answered, unanswered = public_groups(path, settings(new_home("home")))
    assert [text.text for text in answered.texts] == [GATE.text, WELLS.text]
    assert answered.right == (frozenset({1}), NONE) and answered.texts[0].context == "Camp rules"
    assert len(unanswered.texts) == 3 and not any(unanswered.right)


def test_what_is_shown_keeps_its_right_sentences_through_cuts_and_choices() -> None:
    long = passage(" ".join(f"Sentence {number} says {'much ' * 8}here." for number in range(20)))
    group = Group("?", (long, *[GATE] * 9), (frozenset({7}), *[NONE] * 9))
    without = 0
    for seed in range(200):
        drawn = shown(group, np.random.default_rng(seed))
        assert 1 <= len(drawn.texts) <= SHOWN
        marked = [t.text[a:b] for t, right in zip(drawn.texts, drawn.right, strict=True)
                  for a, b in (t.sentences[n] for n in right)]  # fmt: skip
        assert marked in ([], ["Sentence 7 says " + "much " * 8 + "here."])
        without += not marked
    assert 30 < without < 90


def test_training_raises_what_answers_and_lowers_all_else(tmp_path: Path) -> None:
    def mean(module: Any) -> float:
        with torch.no_grad():
            return float(np.mean([float(loss(module, group)) for group in GROUPS]))

    module = train(GROUPS, passes=40, rate=5e-4)
    assert mean(module) < mean(scorer(None).eval()) / 2
    keep(changed(module), tmp_path / "kept.npz")
    assert trained(tmp_path / "kept.npz").keys() == trained().keys()
    assert abs(mean(scorer(trained(tmp_path / "kept.npz")).eval()) - mean(module)) < 0.1


def test_nothing_to_train_on_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path / "out.npz")])
    assert "nothing to train on" in capsys.readouterr().err
