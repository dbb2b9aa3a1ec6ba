"""Another embedding model, named by its folder: of other dimensions and with another pooling than the packaged one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Focal, settings
from pydantic import ValidationError

from assistant.answers import Question, Status
from assistant.bootstrap import assistant_for, open_home
from assistant.loading import load
from evals.suites import SUITES_FOLDER
from knowledge.access import PUBLIC
from knowledge.embedding import MAX_TOKENS, SentenceTransformerEmbedding, label, packaged_model
from knowledge.errors import IndexMismatch, ModelError

SIZE = 96
TEXTS = ["Convoys leave at dawn.", "The canteen serves rice on Friday. Dogs bite postmen."]


def make_model(folder: Path, window: int = MAX_TOKENS) -> Path:
    """A small model with weights drawn at random, saved as sentence-transformers saves one."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(1)
    base = str(folder.with_name("base"))
    tokenizer = BertTokenizerFast.from_pretrained(packaged_model())
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=SIZE, num_hidden_layers=1, num_attention_heads=4, intermediate_size=SIZE
    )
    BertModel(config).save_pretrained(base)
    tokenizer.save_pretrained(base)
    transformer = Transformer(base, max_seq_length=window)
    SentenceTransformer(modules=[transformer, Pooling(SIZE, pooling_mode="cls")], device="cpu").save(str(folder))
    return folder


def home_of_its_own(folder: Path, models: Path) -> Path:
    """A FOCAL_HOME whose exports are a copy, as what another model adds to them is none of other tests' business."""
    shutil.copytree(models, folder / "home" / "models")
    return folder / "home"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "small-random")


def test_a_text_is_pooled_as_its_model_says_and_its_spans_by_their_tokens(model: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    encoded = SentenceTransformerEmbedding(tmp_path, folder=model).encode(TEXTS, [[], [(0, 34), (35, 53)]])
    theirs = SentenceTransformer(str(model), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert encoded.texts == pytest.approx(theirs, abs=1e-3)
    assert [spans.shape for spans in encoded.spans] == [(0, SIZE), (2, SIZE)]
    assert not np.allclose(encoded.spans[1][0], encoded.spans[1][1])


def test_documents_are_taken_in_and_asked_about_with_it(
    model: Path, models: Path, guidance: Path, tmp_path: Path
) -> None:
    folder = home_of_its_own(tmp_path, models)
    home = open_home(settings(folder, embedding=str(model)))
    try:
        assert home.store.embedding.name.startswith(label(str(model)))
        assert all(outcome.state == "added" for outcome in load(home, [guidance]))
        answer = assistant_for(home).ask(Question("What does the convoy commander report at departure?"), PUBLIC)
        assert answer.status is not Status.NOT_FOUND and answer.citations
        (stored, *_) = home.store.register.stored_passages(home.store.register.all_documents()[0].id)
        assert stored.vectors.shape[1] == SIZE
    finally:
        home.close()
    with pytest.raises(IndexMismatch, match=r"small-random-\w{12}/.*FOCAL_EMBEDDING"):
        open_home(settings(folder))


def test_it_is_measured_beside_the_packaged_one_on_an_index_of_its_own(
    model: Path, models: Path, tmp_path: Path, focal: Focal
) -> None:
    home = home_of_its_own(tmp_path, models)
    suite = tmp_path / "some.jsonl"
    lines = (SUITES_FOLDER / "roles.jsonl").read_text(encoding="utf-8").splitlines()
    suite.write_text("\n".join(lines[:3]) + "\n", encoding="utf-8")
    ended = focal("eval", suite, "--compare", f"embedding={model}", "focal", "--report", tmp_path / "report", home=home)
    assert "evidence@5" in ended.stdout and ended.returncode in (0, 1), ended.stderr
    indexes = sorted(folder.name.rpartition(".")[0] for folder in (home / "evals").iterdir())
    assert indexes == ["starter.onnx-int8", f"starter.{label(str(model))}"]


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda folder: folder.mkdir(), r"holds no model\.safetensors"),
        (lambda folder: make_model(folder, window=64), "reads 64 tokens at once, and a passage may have 256"),
        (lambda folder: (folder.mkdir(), (folder / "model.safetensors").write_bytes(b"x")), "can load"),
    ],
)
def test_a_folder_that_holds_no_fitting_model_is_refused_in_one_line(
    prepare: Callable[[Path], object], reason: str, tmp_path: Path
) -> None:
    prepare(tmp_path / "wrong")
    with pytest.raises(ModelError, match=reason) as refused:
        open_home(settings(tmp_path / "home", embedding=str(tmp_path / "wrong")))
    assert "\n" not in str(refused.value)


def test_neither_a_name_nor_a_folder_is_refused_by_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="use onnx-int8, sentence-transformers or the folder of a model"):
        settings(tmp_path, embedding="bge-large")
