"""Reading a passage with the question in view: how likely each of its sentences answers it.

A cross-encoder (Nogueira and Cho 2019): question and passage pass through the model together, so that every word of
one is weighed against every word of the other, which two separate vectors cannot do. It is all-MiniLM-L6-v2 again, its
six layers trained further by `evals/train_crossencoder.py`; only what that training changed is in `crossencoder.npz`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import DIMENSIONS, Span, packaged_model, packaged_tokenizer
from knowledge.errors import ModelError
from knowledge.onnx_export import CORES, bert, exported, session, sha256

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WEIGHTS = Path(__file__).with_name("crossencoder.npz")
INPUTS = ("input_ids", "token_type_ids", "attention_mask")
CLS, SEP = 101, 102
"""Numbers of the tokens that begin the input and that end each part, in BERT's uncased vocabulary."""
QUESTION_TOKENS, CONTEXT_TOKENS, TEXT_TOKENS = 60, 40, 208
"""What is read of a question, of what stands around a passage, and of the passage; as in training."""
UNREAD = -math.inf
"""Score of a sentence that is not read, such as one beyond TEXT_TOKENS."""
LEAST = -6.0
"""Score below which sentences are alike, those not read among them: about the median of those that are."""


class Text(NamedTuple):
    """A passage to be read."""

    context: str
    """What says where it stands, such as title and heading; read, but not scored."""
    text: str
    sentences: Sequence[Span]


class CrossEncoder(Protocol):
    """Anything that scores the sentences of passages by how well they answer a question."""

    def scores(self, question: str, texts: Sequence[Text]) -> list[tuple[float, ...]]:
        """For each text one score a sentence: the log-odds that it answers, against that nothing read does."""


class OnnxCrossEncoder:
    """int8 ONNX export of the trained model, made once and kept under FOCAL_HOME."""

    def __init__(self, home: Path, progress: Callable[[str], None] = lambda line: None) -> None:
        """Open the int8 export under `home`/models, making it first if it is missing; `progress` hears about that."""
        begin = partial(progress, "preparing the reading model (once, about half a minute)")
        target = home / "models" / f"cross-encoder-{sha256(WEIGHTS)[:12]}.int8.onnx"
        self._session = session(exported(target, lambda: scorer(trained()), INPUTS, begin), cores=1)
        # One passage a core: half the time of one batch, which would be padded to the longest.
        self._cores = ThreadPoolExecutor(CORES, thread_name_prefix="cross-encoder")
        self._tokenizer = packaged_tokenizer()

    def scores(self, question: str, texts: Sequence[Text]) -> list[tuple[float, ...]]:
        """As the protocol says.

        The softmax over all sentences read for a question, with one more of score 0 for "none of them", is what the
        model was trained on.
        """
        # Longest first, so that no core is left waiting for a long one begun last.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i].text))
        read = dict(zip(order, self._cores.map(partial(self._read, question), (texts[i] for i in order)), strict=True))
        return [read[i] for i in range(len(texts))]

    def _read(self, question: str, text: Text) -> tuple[float, ...]:
        """The head is linear, so a sentence's score is the mean of its tokens'."""
        row = tokens(self._tokenizer, question, text)
        values = (row.ids, row.segments, np.ones_like(row.ids))
        feed = {name: value[np.newaxis] for name, value in zip(INPUTS, values, strict=True)}
        scores = self._session.run(None, feed)[0][0]
        read = [scores[row.sentences == number] for number in range(len(text.sentences))]
        return tuple(float(own.mean()) if len(own) else UNREAD for own in read)


class Tokens(NamedTuple):
    """A question and a passage as the model takes them, three numbers a token, each of shape (tokens,)."""

    ids: NDArray[np.int64]
    segments: NDArray[np.int64]
    """0 for the question, 1 for the passage."""
    sentences: NDArray[np.int64]
    """Number of the sentence that the token is in; -1 for none."""


def tokens(tokenizer: Tokenizer, question: str, text: Text) -> Tokens:
    """Question, context and passage in one row, each cut at its window."""
    asked = tokenizer.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
    context = tokenizer.encode(text.context, add_special_tokens=False).ids[:CONTEXT_TOKENS]
    words = tokenizer.encode(text.text, add_special_tokens=False)
    ids = np.array([CLS, *asked, SEP, *context, *words.ids[:TEXT_TOKENS], SEP], np.int64)
    sentences = np.full(len(ids), -1, np.int64)
    begins = np.array([start for start, _ in words.offsets[:TEXT_TOKENS]])
    own = sentences[len(ids) - 1 - len(begins) : -1]
    for number, (start, end) in enumerate(text.sentences):
        own[(begins >= start) & (begins < end)] = number
    return Tokens(ids, (np.arange(len(ids)) >= len(asked) + 2).astype(np.int64), sentences)


def trained(path: Path = WEIGHTS) -> dict[str, NDArray[np.float32]]:
    """The trained weights by the names that they have in `scorer`.

    Matrices are kept as int8 with one scale a row (absolute maximum / 127), everything else in 16 bits.
    """
    with np.load(path, allow_pickle=False) as kept:
        names = [name for name in kept.files if not name.endswith(":scale")]
        return {
            name: kept[name].astype(np.float32)
            * (kept[f"{name}:scale"] if f"{name}:scale" in kept.files else np.float32(1))
            for name in names
        }


def keep(weights: dict[str, NDArray[np.float32]], path: Path) -> None:
    """Write weights as `trained` reads them."""
    kept: dict[str, NDArray[Any]] = {}
    for name, values in weights.items():
        if values.ndim == 2 and min(values.shape) > 2:
            scale = np.abs(values).max(axis=1, keepdims=True) / 127
            kept[name], kept[f"{name}:scale"] = np.rint(values / scale).astype(np.int8), scale.astype(np.float32)
        else:
            kept[name] = values.astype(np.float16)
    np.savez_compressed(path, **kept)  # type: ignore[arg-type]


def scorer(weights: dict[str, NDArray[np.float32]] | None) -> Any:
    """The torch module with trained weights in place (of None: those of the package), giving each token its score."""
    import torch

    class Scorer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert(packaged_model())
            self.head = torch.nn.Linear(DIMENSIONS, 1)

        def forward(self, input_ids: Any, token_type_ids: Any, attention_mask: Any) -> Any:
            found = self.bert(input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask)
            return self.head(found.last_hidden_state).squeeze(-1)

    module = Scorer()
    found = {name: torch.from_numpy(values) for name, values in (weights or {}).items()}
    unknown = module.load_state_dict(found, strict=False).unexpected_keys
    if unknown:
        raise ModelError(f"{WEIGHTS} holds weights of another model, such as {unknown[0]}")
    return module
