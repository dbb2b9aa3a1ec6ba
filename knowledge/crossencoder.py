"""Reading a passage with the question in view: how likely each of its sentences answers it.

A cross-encoder (Nogueira and Cho 2019): question and passage pass through the model together, so that every word of
one is weighed against every word of the other, which two separate vectors cannot do. It is all-MiniLM-L6-v2 again, its
six layers trained further by `evals/train_crossencoder.py`; only what that training changed is in `crossencoder.npz`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Span, packaged_model
from knowledge.onnx_export import CORES, bert, exported, session, sha256

WEIGHTS = Path(__file__).with_name("crossencoder.npz")
INPUTS = ("input_ids", "token_type_ids", "attention_mask")
CLS, SEP = 101, 102
"""Numbers of the tokens that begin the input and that end each part, in BERT's uncased vocabulary."""
QUESTION_TOKENS, CONTEXT_TOKENS, TEXT_TOKENS = 60, 40, 208
"""What is read of a question, of what stands around a passage, and of the passage; as in training."""
UNREAD = -6.0
"""Score of a sentence that is not read, such as one beyond TEXT_TOKENS: about the median of those that are."""


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
        from tokenizers import Tokenizer

        begin = partial(progress, "preparing the reading model (once, about half a minute)")
        target = home / "models" / f"cross-encoder-{sha256(WEIGHTS)[:12]}.int8.onnx"
        self._session = session(exported(target, _module, INPUTS, begin), cores=1)
        # One passage a core: half the time of one batch, which would be padded to the longest.
        self._cores = ThreadPoolExecutor(CORES, thread_name_prefix="cross-encoder")
        self._tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        with np.load(WEIGHTS, allow_pickle=False) as kept:
            self._bias = float(kept["head.bias"])

    def scores(self, question: str, texts: Sequence[Text]) -> list[tuple[float, ...]]:
        """As the protocol says.

        The softmax over all sentences read for a question, with one more of score 0 for "none of them", is what the
        model was trained on.
        """
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
        return list(self._cores.map(partial(self._read, asked), texts))

    def _read(self, asked: Sequence[int], text: Text) -> tuple[float, ...]:
        context = self._tokenizer.encode(text.context, add_special_tokens=False).ids[:CONTEXT_TOKENS]
        words = self._tokenizer.encode(text.text, add_special_tokens=False)
        before = [CLS, *asked, SEP, *context]
        ids = np.array([[*before, *words.ids[:TEXT_TOKENS], SEP]], np.int64)
        segments = (np.arange(ids.shape[1]) >= len(asked) + 2).astype(np.int64)[np.newaxis]
        feed = dict(zip(INPUTS, (ids, segments, np.ones_like(ids)), strict=True))
        tokens = self._session.run(None, feed)[0][0, len(before) : -1]
        return self._of_sentences(tokens, words.offsets[:TEXT_TOKENS], text.sentences)

    def _of_sentences(
        self, tokens: NDArray[np.float32], offsets: Sequence[Span], sentences: Sequence[Span]
    ) -> tuple[float, ...]:
        """The head is linear, so a sentence's score is the mean of its tokens'."""
        begins = np.array([start for start, _ in offsets])
        scores = []
        for start, end in sentences:
            inside = (begins >= start) & (begins < end)
            scores.append(float(tokens[inside].mean()) + self._bias if inside.any() else UNREAD)
        return tuple(scores)


def trained(path: Path = WEIGHTS) -> dict[str, NDArray[np.float32]]:
    """The trained weights by the names that they have in the model; "head.weight" and "head.bias" are our own.

    Matrices are kept as int8 with one scale a row (absolute maximum / 127), everything else in 16 bits.
    """
    with np.load(path, allow_pickle=False) as kept:
        names = [name for name in kept.files if not name.endswith(":scale")]
        return {
            name: kept[name].astype(np.float32) * (kept[f"{name}:scale"] if f"{name}:scale" in kept.files else 1)
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


def _module() -> Any:
    """The model with the trained weights in place, giving each token its part of a sentence's score."""
    import torch

    weights = trained()

    class Scores(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert(packaged_model())
            head = weights.pop("head.weight")
            weights.pop("head.bias")
            missing = set(weights) - set(self.bert.state_dict())
            assert not missing, missing
            self.bert.load_state_dict({n: torch.from_numpy(w) for n, w in weights.items()}, strict=False)
            self.head = torch.nn.Parameter(torch.from_numpy(head.reshape(-1, 1)))

        def forward(self, input_ids: Any, token_type_ids: Any, attention_mask: Any) -> Any:
            found = self.bert(input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask)
            return (found.last_hidden_state @ self.head).squeeze(-1)

    return Scores()
