"""Training the cross-encoder: the questions it learns from, how they are shown, and that it learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import CORPUS, copy_home

from evals.scorers import word_list
from evals.suites import SUITES, load_suite
from evals.train_crossencoder import (
    SHOWN,
    Group,
    changed,
    loss,
    main,
    own_groups,
    public_groups,
    read_groups,
    shown,
    train,
    write_groups,
)  # fmt: skip
from knowledge.crossencoder import Text, keep, scorer, trained

READING = Path(__file__).parent.parent / "evals" / "reading"
LINES = [json.loads(line) for path in sorted(READING.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]


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


def test_every_quote_from_the_invented_notes_stands_in_its_note() -> None:
    said = {path.stem: word_list(path.read_text("utf-8")) for path in (READING / "notes").glob("*.md")}
    lines = [json.loads(line) for line in (READING / "notes.jsonl").read_text("utf-8").splitlines()]
    quotes = [quote for line in lines for quote in line["quotes"]]
    assert len(said) > 30 and {document for document, _ in quotes} == said.keys()
    assert [q for q in quotes if f" {' '.join(word_list(q[1]))} " not in f" {' '.join(said[q[0]])} "] == []


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
    library_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCAL_HOME", str(copy_home(library_folder, tmp_path / "home")))
    lines = [
        {"question": "How fast may a convoy drive?", "quotes": [["convoy-sop-2024", "speed limit of a convoy is 60"]]},
        {"question": "What does a litre of diesel cost?", "quotes": []},
        {"question": "Who signs?", "quotes": [["nowhere", "words that stand in no document at all of these"]]},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    answered, unanswered = own_groups(path)
    assert answered.question.startswith("How fast") and unanswered.question.endswith("diesel cost?")
    assert not any(unanswered.right) and len(unanswered.texts) > 3
    marked = [t.text[a:b] for t, right in zip(answered.texts, answered.right, strict=True)
              for a, b in (t.sentences[n] for n in right)]  # fmt: skip
    assert marked and all("60 kilometres an hour" in sentence for sentence in marked)


def test_a_public_question_comes_with_its_paragraph_and_others_that_do_not_hold_the_answer(
    new_home: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCAL_HOME", str(new_home("home")))

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
    answered, unanswered = public_groups(path)
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
            return float(loss(module, GROUPS))

    module = train(GROUPS, passes=40, rate=5e-4)
    assert mean(module) < mean(scorer(None).eval()) / 2
    keep(changed(module), tmp_path / "kept.npz")
    assert trained(tmp_path / "kept.npz").keys() == trained().keys()
    assert abs(mean(scorer(trained(tmp_path / "kept.npz")).eval()) - mean(module)) < 0.1


def test_the_loss_of_a_batch_is_the_mean_of_each_question_on_its_own() -> None:
    module = scorer(trained()).eval()
    with torch.no_grad():
        alone = [float(loss(module, [group])) for group in GROUPS]
        assert abs(float(loss(module, GROUPS)) - np.mean(alone)) < 0.02
        right = float(loss(module, GROUPS[:1]))
        wrong = float(loss(module, [Group(GROUPS[0].question, GROUPS[0].texts, (NONE, frozenset({0})))]))
    assert right < 1 < wrong


def test_groups_are_written_trained_on_and_averaged_by_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "groups.json"
    assert write_groups(GROUPS, file) == len(GROUPS)
    assert read_groups(file) == GROUPS
    for seed in ("0", "1"):
        out = str(tmp_path / f"{seed}.npz")
        main(["train", out, str(file), "--beside", str(file), "--passes", "1", "--seed", seed])
    assert "step 1 of 1: loss" in capsys.readouterr().err
    files = [tmp_path / "0.npz", tmp_path / "1.npz"]
    main(["mean", str(tmp_path / "mean.npz"), *map(str, files)])
    head, *heads = (trained(path)["head.weight"] for path in (tmp_path / "mean.npz", *files))
    assert np.abs(heads[0] - heads[1]).max() > 1e-3
    assert np.abs(head - np.mean(heads, axis=0)).max() < 1e-3
