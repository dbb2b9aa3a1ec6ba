"""The cross-encoder: reads a passage with the question in view, the same whatever is read beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from knowledge import crossencoder as module
from knowledge.crossencoder import TEXT_TOKENS, UNREAD, OnnxCrossEncoder, Text, keep, trained


def text(*sentences: str, context: str = "Camp rules.") -> Text:
    spans, start = [], 0
    for sentence in sentences:
        spans.append((start, start + len(sentence)))
        start += len(sentence) + 1
    return Text(context, " ".join(sentences), spans)


RULES = text(
    "The gate of the camp is made of steel and was painted last year.",
    "Visitors are let in by the duty officer, who writes their names into the book at the gate.",
    "Dogs stay outside.",
)
WATER = text("The wells were dug in 2019.", "Each person receives twenty litres of water a day.")


@pytest.fixture(scope="module")
def cross_encoder(models: Path) -> OnnxCrossEncoder:
    return OnnxCrossEncoder(models.parent)


@pytest.mark.parametrize(
    ("question", "passage", "sentence"),
    [
        ("Who may admit guests to the compound?", 0, 1),
        ("are pets allowed in", 0, 2),
        ("How much drinking water does everyone get?", 1, 1),
        ("When were the wells made?", 1, 0),
    ],
)
def test_the_sentence_that_answers_scores_highest_of_all_that_are_read(
    cross_encoder: OnnxCrossEncoder, question: str, passage: int, sentence: int
) -> None:
    scores = cross_encoder.scores(question, [RULES, WATER])
    assert [len(each) for each in scores] == [3, 2]
    best = max((odds, i, k) for i, each in enumerate(scores) for k, odds in enumerate(each))
    assert best[1:] == (passage, sentence)


def test_what_nothing_read_answers_scores_lower_than_what_something_does(cross_encoder: OnnxCrossEncoder) -> None:
    def best(question: str) -> float:
        return max(max(each) for each in cross_encoder.scores(question, [RULES, WATER]))

    assert best("How much water does each person receive a day?") > 0 > best("What does a litre of diesel cost?")


def test_a_passage_is_read_alike_whatever_is_read_beside_it(cross_encoder: OnnxCrossEncoder) -> None:
    question = "Who lets visitors in?"
    together = cross_encoder.scores(question, [WATER, RULES, WATER])
    assert together[0] == together[2] == cross_encoder.scores(question, [WATER])[0]
    assert together[1] == cross_encoder.scores(question, [RULES])[0]
    assert cross_encoder.scores(question, []) == []


def test_what_lies_beyond_the_window_counts_as_not_read(cross_encoder: OnnxCrossEncoder) -> None:
    long = text("word " * TEXT_TOKENS + "end.", "Visitors are let in by the duty officer.")
    (scores,) = cross_encoder.scores("visitors " * 500, [long])
    assert scores[0] != UNREAD and scores[1] == UNREAD
    assert cross_encoder.scores("Who?", [Text("", "", [])]) == [()]


def test_other_weights_are_exported_anew(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Exporting(Exception):
        pass

    def stop(line: str) -> None:
        raise Exporting(line)

    OnnxCrossEncoder(models.parent, stop)
    altered = tmp_path / "altered.npz"
    keep(trained() | {"head.bias": np.ones(1, np.float32)}, altered)
    monkeypatch.setattr(module, "WEIGHTS", altered)
    with pytest.raises(Exporting, match="preparing the reading model"):
        OnnxCrossEncoder(models.parent, stop)


def test_kept_weights_come_back_within_the_rounding_of_a_byte(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(8, 16)).astype(np.float32)
    keep({"some.weight": matrix, "some.bias": matrix[0]}, tmp_path / "kept.npz")
    back = trained(tmp_path / "kept.npz")
    assert np.abs(back["some.weight"] - matrix).max() <= np.abs(matrix).max() / 127
    assert np.allclose(back["some.bias"], matrix[0], atol=1e-2)


def test_a_passage_is_read_without_importing_torch(models: Path) -> None:
    program = (
        "import sys, pathlib; from knowledge.crossencoder import OnnxCrossEncoder, Text;"
        f"OnnxCrossEncoder(pathlib.Path({str(models.parent)!r})).scores('Who?', [Text('', 'He did.', [(0, 7)])]);"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'onnx') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
