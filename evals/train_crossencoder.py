"""Training the cross-encoder (`knowledge/crossencoder.py`) further, so that its weights can be made again.

    python -m evals.train_crossencoder OUT.npz [--start FILE.npz] [--squad FILE ...] [--passes N]

Two stages, each one call: first public questions with their paragraphs (`--squad`, files in the layout of SQuAD), then,
from where that ended (`--start`) and with the public ones beside, the questions of `evals/reading.jsonl` with the
passages that retrieval finds for each. Neither holds a case of any suite. It uses a GPU where torch finds one; on two
cores a pass over our own questions takes about an hour.

The weights in use are the mean of five second stages (3 to 8 passes, rates 5e-5 to 1.5e-4), which reads unfamiliar
documents a little better than each of them (refusal on `starter`: AUC 0.96, the five 0.92 to 0.96).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant import settings as configuration
from assistant.bootstrap import assistant_for
from assistant.settings import Settings
from evals import scorers, suites
from knowledge.access import PUBLIC
from knowledge.cleaning import split_sentences
from knowledge.crossencoder import Text, Tokens, keep, scorer, tokens, trained
from knowledge.embedding import OnnxEmbedding, packaged_tokenizer
from knowledge.retrieval import reading_text

QUESTIONS = Path(__file__).with_name("reading.jsonl")
"""One JSON object a line: `question`, and `quotes`, pairs of document id and the words by which an answer is found;
no quotes for a question that no document answers."""
FOUND, SHOWN = 10, 5
"""Passages that retrieval brings for a question, and of these the ones shown at a time."""
NEGATIVES = 8
"""Paragraphs nearest to a public question, besides its own."""
BATCH = 16
"""Questions a step."""
WITHOUT_ANSWER = 0.3
"""How often what answers is left out, so that "nothing here answers" is learnt from any question."""
CROPPED, CROP_WORDS = 0.35, 60
"""How often a passage is cut to neighbouring sentences, and to how many words: documents are cut in many ways."""
RATE, WARM_UP, DECAY, LONGEST_STEP = 1e-4, 0.1, 0.05, 1.0
"""AdamW: highest learning rate, share of the steps in which it rises, weight decay, and longest gradient."""
RUN_WORDS = 6
"""Consecutive words of a quote by which a sentence is taken for the one quoted."""


@dataclass(frozen=True)
class Group:
    """A question with texts that may answer it, nearest first, and for each the numbers of its sentences that do."""

    question: str
    texts: tuple[Text, ...]
    right: tuple[frozenset[int], ...]


def public_groups(path: Path, settings: Settings) -> Iterator[Group]:
    """The questions of a file in SQuAD layout, with their paragraph and those of the file nearest to the question."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [(a.get("title", "").replace("_", " "), p) for a in articles for p in a["paragraphs"]]
    texts = [Text(title, p["context"], split_sentences(p["context"])) for title, p in paragraphs]
    embedding = OnnxEmbedding(settings.folder, _say)
    vectors = embedding.encode([text.text for text in texts]).texts
    for number, (_, paragraph) in enumerate(paragraphs):
        questions = paragraph["qas"]
        if not questions:
            continue
        near = np.argsort(-embedding.encode([q["question"] for q in questions]).texts @ vectors.T, axis=1)
        for question, order in zip(questions, near, strict=True):
            answers = question.get("answers") or []
            said = [scorers.normalise(answer["text"]) for answer in answers]
            others = [
                int(i)
                for i in order[: NEGATIVES * 3]
                if i != number and not any(words in scorers.normalise(texts[i].text) for words in said)
            ]
            places = [(a["answer_start"], a["answer_start"] + len(a["text"])) for a in answers[:1]]
            right = frozenset(
                n for n, (start, end) in enumerate(texts[number].sentences) for a, b in places if start < b and a < end
            )
            shown = (number, *others[:NEGATIVES])
            yield Group(
                question["question"],
                tuple(texts[i] for i in shown),
                (right, *(frozenset() for _ in shown[1:])),
            )


def reading_groups(settings: Settings, questions: Path = QUESTIONS, suite: str = "corpus") -> Iterator[Group]:
    """Our own questions with what is retrieved for each from the documents of a suite; those whose answer is not among
    it are left out."""
    corpus = Path(os.environ.get("FOCAL_CORPUS", "../shared/corpus"))
    with suites.open_index(suite, settings, corpus, _say) as home:
        retriever = assistant_for(home).retriever
        for line in questions.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            quotes = [quote for _, quote in case["quotes"]]
            found = retriever.retrieve(case["question"], PUBLIC, limit=FOUND).passages
            texts = tuple(map(reading_text, found))
            right = tuple(frozenset(_quoted(text, quotes)) for text in texts)
            if not quotes or any(right):
                yield Group(case["question"], texts, right)


def _quoted(text: Text, quotes: Sequence[str]) -> Iterator[int]:
    for number, (start, end) in enumerate(text.sentences):
        said = f" {' '.join(scorers.word_list(text.text[start:end]))} "
        for quote in quotes:
            words = scorers.word_list(quote)
            size = min(RUN_WORDS, len(words))
            if any(f" {' '.join(words[i : i + size])} " in said for i in range(len(words) - size + 1)):
                yield number


def shown(group: Group, chance: np.random.Generator) -> Group:
    """The question as it is shown once: some of its texts, some cut, now and then none of those that answer."""
    right = [i for i, sentences in enumerate(group.right) if sentences]
    others = [i for i, sentences in enumerate(group.right) if not sentences]
    kept = [] if chance.random() < WITHOUT_ANSWER and others else list(chance.permutation(right))[:2]
    weight = np.exp(-np.arange(len(others)) / 4)
    count = min(SHOWN - len(kept), len(others))
    if count:
        kept += list(chance.choice(others, count, replace=False, p=weight / weight.sum()))
    pairs = [_cropped(group.texts[i], group.right[i], chance) for i in kept]
    return Group(group.question, tuple(text for text, _ in pairs), tuple(sentences for _, sentences in pairs))


def _cropped(text: Text, right: frozenset[int], chance: np.random.Generator) -> tuple[Text, frozenset[int]]:
    if chance.random() > CROPPED or len(text.sentences) < 2:
        return text, right
    lengths = [len(text.text[start:end].split()) for start, end in text.sentences]
    first = int(chance.choice(sorted(right))) if right else int(chance.integers(len(lengths)))
    last = first + 1
    while sum(lengths[first:last]) < CROP_WORDS and (first > 0 or last < len(lengths)):
        if first > 0 and (last == len(lengths) or chance.random() < 0.5):
            first -= 1
        else:
            last += 1
    start = text.sentences[first][0]
    spans = [(a - start, b - start) for a, b in text.sentences[first:last]]
    words = text.text[start : text.sentences[last - 1][1]]
    return Text(text.context, words, spans), frozenset(n - first for n in right if first <= n < last)


def train(
    groups: Sequence[Group], start: Path | None = None, passes: int = 3, rate: float = RATE, seed: int = 0
) -> Any:
    """The module after so many passes over the groups.

    The learning rate rises over WARM_UP of the steps and falls to 0 over the rest.
    """
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = scorer(trained(start) if start else None).to(device).train()
    module.bert.embeddings.word_embeddings.requires_grad_(False)
    module.bert.embeddings.position_embeddings.requires_grad_(False)
    moving = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(moving, lr=rate, weight_decay=DECAY)
    orders = np.concatenate([chance.permutation(len(groups)) for _ in range(passes)])
    batches = [orders[i : i + BATCH] for i in range(0, len(orders), BATCH)]
    losses = []
    for step, batch in enumerate(batches):
        done = step / len(batches)
        for part in optimizer.param_groups:
            part["lr"] = rate * (done / WARM_UP if done < WARM_UP else 1 - done)
        mean = torch.stack([loss(module, shown(groups[i], chance)) for i in batch]).mean()
        optimizer.zero_grad()
        mean.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(moving, LONGEST_STEP)
        optimizer.step()
        losses.append(float(mean.detach()))
        if (step + 1) % 50 == 0 or step + 1 == len(batches):
            _say(f"step {step + 1} of {len(batches)}: loss {np.mean(losses[-50:]):.3f}")
    return module.eval()


def loss(module: Any, group: Group) -> torch.Tensor:
    """The negative logarithm of the probability that the softmax over all sentences of the texts, and "none of them"
    with score 0, gives to those that answer, or to none (Clark and Gardner 2018: shared normalisation)."""
    device, tokenizer = module.head.weight.device, _tokenizer()
    rows = [tokens(tokenizer, group.question, text) for text in group.texts]
    answering, every = [], [torch.zeros(1, device=device)]
    for row, own, right in zip(rows, module(*_padded(rows, device)), group.right, strict=True):
        for number in np.unique(row.sentences[row.sentences >= 0]):
            inside = torch.from_numpy(row.sentences == number).to(device)
            every.append(own[: len(row.ids)][inside].mean().reshape(1))
            if number in right:
                answering.append(every[-1])
    best = torch.logsumexp(torch.cat(answering), 0) if answering else torch.zeros((), device=device)
    return torch.logsumexp(torch.cat(every), 0) - best


def _padded(rows: Sequence[Tokens], device: torch.device) -> Iterator[torch.Tensor]:
    for values in (
        [row.ids for row in rows],
        [row.segments for row in rows],
        [np.ones_like(row.ids) for row in rows],
    ):
        yield torch.nn.utils.rnn.pad_sequence([torch.from_numpy(v) for v in values], batch_first=True).to(device)


def changed(module: Any) -> dict[str, Any]:
    """The weights that training moves, by name: all but the embeddings of words and places, and the unused pooler."""
    unmoved = ("word_embeddings", "position_embeddings", "pooler")
    state = {name: values.detach().float().cpu().numpy() for name, values in module.named_parameters()}
    return {name: values for name, values in state.items() if not any(part in name for part in unmoved)}


_tokenizer = cache(packaged_tokenizer)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main(words: Sequence[str]) -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.train_crossencoder", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, help="weights to go on from, with our own questions")
    parser.add_argument("--squad", type=Path, nargs="*", default=[], help="files of public questions in SQuAD layout")
    parser.add_argument("--passes", type=int, default=3)
    options = parser.parse_args(words)
    settings = configuration.load()
    groups = [group for path in options.squad for group in public_groups(path, settings)]
    if options.start:
        groups += reading_groups(settings)
    if not groups:
        parser.error("nothing to train on: give --squad, --start or both")
    keep(changed(train(groups, options.start, options.passes)), options.out)


if __name__ == "__main__":
    main(sys.argv[1:])
