"""Training the cross-encoder (`knowledge/crossencoder.py`) further, so that its weights can be made again.

    python -m evals.train_crossencoder gather OUT.json QUESTIONS.jsonl   (what retrieval finds for each in FOCAL_HOME)
    python -m evals.train_crossencoder public OUT.json SQUAD.json ...    (public questions and their paragraphs)
    python -m evals.train_crossencoder train OUT.npz GROUPS.json ... [--start FILE.npz] [--beside GROUPS.json ...]
    python -m evals.train_crossencoder mean OUT.npz FILE.npz ...         (the mean of several trainings' weights)

Two stages: `train` on public questions, then, from where that ended (`--start`) and with public ones `--beside`, on our
own (`evals/reading`): over the development documents, over notes invented for it (`evals/reading/notes`), and over
public reports and codes of conduct, named by symbol or title. None is a case of any suite. Training needs no index, and
uses a GPU where torch finds one: two passes over 7,000 questions take three quarters of an hour on two cores.

The notes m to u are asked one initial at a time, each in an index of its own: their questions do not always name the
mission. The weights in use are the mean of two files: A, two passes (seed 0) over the first 7,700 questions from the
mean of five earlier second stages, and B, one pass from A over those and twice over the 4,100 newer ones.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evals import scorers
from knowledge.crossencoder import Text, Tokens, keep, scorer, tokens, trained
from knowledge.embedding import packaged_tokenizer

FOUND, SHOWN = 10, 4
"""Passages that retrieval brings for a question, and of these the ones shown at a time."""
NEGATIVES = 8
"""Paragraphs nearest to a public question, besides its own."""
BATCH, BESIDE, TOGETHER = 16, 2, 16
"""Questions a step, how many public ones are drawn to stand beside them, and texts that are padded to one length."""
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


def public_groups(path: Path) -> Iterator[Group]:
    """The questions of a file in SQuAD layout, with their paragraph and those of the file nearest to the question."""
    from assistant import settings
    from knowledge.cleaning import split_sentences
    from knowledge.embedding import OnnxEmbedding

    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [(a.get("title", "").replace("_", " "), p) for a in articles for p in a["paragraphs"]]
    texts = [Text(title, p["context"], split_sentences(p["context"])) for title, p in paragraphs]
    embedding = OnnxEmbedding(settings.load().folder, _say)
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


def own_groups(questions: Path) -> Iterator[Group]:
    """Our own questions with what is retrieved for each from the index under FOCAL_HOME.

    One JSON object a line: `question`, and `quotes`, pairs of document id and the words by which an answer is found; no
    quotes for a question that no document answers. Those whose answer is not among what is found are left out.
    """
    from assistant import settings
    from assistant.bootstrap import assistant_for, open_home
    from knowledge.access import PUBLIC
    from knowledge.retrieval import reading_text

    home = open_home(settings.load(), progress=_say)
    try:
        retriever = assistant_for(home).retriever
        for line in questions.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            quotes = [quote for _, quote in case["quotes"]]
            found = retriever.retrieve(case["question"], PUBLIC, limit=FOUND).passages
            texts = tuple(reading_text(p, range(len(p.passage.sentences))) for p in found)
            right = tuple(frozenset(_quoted(text, quotes)) for text in texts)
            if texts and (not quotes or any(right)):
                yield Group(case["question"], texts, right)
    finally:
        home.close()


def _quoted(text: Text, quotes: Sequence[str]) -> Iterator[int]:
    for number, (start, end) in enumerate(text.sentences):
        said = f" {' '.join(scorers.word_list(text.text[start:end]))} "
        for quote in quotes:
            words = scorers.word_list(quote)
            size = min(RUN_WORDS, len(words))
            if any(f" {' '.join(words[i : i + size])} " in said for i in range(len(words) - size + 1)):
                yield number


def write_groups(groups: Iterable[Group], path: Path) -> int:
    """Write groups as `read_groups` reads them, each text once; how many."""
    texts: dict[tuple[str, str], int] = {}
    kept: list[Text] = []
    rows = []
    for group in groups:
        for text in group.texts:
            if texts.setdefault((text.context, text.text), len(kept)) == len(kept):
                kept.append(text)
        numbers = [texts[text.context, text.text] for text in group.texts]
        rows.append([group.question, numbers, [sorted(right) for right in group.right]])
    path.write_text(json.dumps({"texts": kept, "groups": rows}), encoding="utf-8")
    return len(rows)


def read_groups(path: Path) -> list[Group]:
    """The groups of a file."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    texts = [Text(context, text, [(a, b) for a, b in sentences]) for context, text, sentences in kept["texts"]]
    return [
        Group(question, tuple(texts[n] for n in numbers), tuple(frozenset(sentences) for sentences in right))
        for question, numbers, right in kept["groups"]
    ]


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
    groups: Sequence[Group],
    start: Path | None = None,
    beside: Sequence[Group] = (),
    passes: int = 3,
    rate: float = RATE,
    seed: int = 0,
) -> Any:
    """The module after so many passes over the groups, BESIDE of `beside` drawn to each BATCH of them.

    The learning rate rises over WARM_UP of the steps and falls to 0 over the rest.
    """
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # Without dropout: few passes are made, and each takes half the time.
    module = scorer(trained(start) if start else None).to(device).eval()
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
        asked = [groups[i] for i in batch]
        asked += [beside[i] for i in chance.integers(len(beside), size=BESIDE if beside else 0)]
        value = loss(module, [shown(group, chance) for group in asked])
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(moving, LONGEST_STEP)
        optimizer.step()
        losses.append(float(value.detach()))
        if (step + 1) % 50 == 0 or step + 1 == len(batches):
            _say(f"step {step + 1} of {len(batches)}: loss {np.mean(losses[-50:]):.3f}")
    return module


def loss(module: Any, groups: Sequence[Group]) -> torch.Tensor:
    """The mean over the groups of the negative logarithm of the probability that the softmax over all sentences of a
    group's texts, and "none of them" with score 0, gives to those that answer, or to none (Clark and Gardner 2018:
    shared normalisation)."""
    device, tokenizer = module.head.weight.device, _tokenizer()
    rows = [tokens(tokenizer, group.question, text) for group in groups for text in group.texts]
    scores = _scores(module, rows, device)
    inside: list[np.ndarray[Any, Any]] = []
    every: list[list[int]] = []
    answering: list[list[int]] = []
    count, own = 0, iter(rows)
    for group in groups:
        every.append([])
        answering.append([])
        for right in group.right:
            sentences = next(own).sentences
            numbers, places = np.unique(sentences, return_inverse=True)
            read = numbers >= 0
            inside.append(np.where(sentences >= 0, count + places, -1))
            every[-1] += (count + np.flatnonzero(read)).tolist()
            answering[-1] += [count + i for i, number in enumerate(numbers.tolist()) if number in right]
            count += len(numbers)
    of = torch.from_numpy(np.concatenate(inside)).to(device)
    sums = torch.zeros(count, device=device).index_add(0, of[of >= 0], scores[of >= 0])
    means = sums / torch.bincount(of[of >= 0], minlength=count).clamp(min=1)
    # All sentences' scores, then that of "none of them", then one that weighs nothing.
    values = torch.cat([means, torch.tensor([0.0, -torch.inf], device=device)])
    of_all = torch.logsumexp(values[_filled([[*each, count] for each in every], count + 1).to(device)], 1)
    of_right = torch.logsumexp(values[_filled([each or [count] for each in answering], count + 1).to(device)], 1)
    return (of_all - of_right).mean()


def _scores(module: Any, rows: Sequence[Tokens], device: torch.device) -> torch.Tensor:
    """The scores of all tokens, row after row; rows of like length go through the module together."""
    found: dict[int, torch.Tensor] = {}
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    for start in range(0, len(order), TOGETHER):
        part = order[start : start + TOGETHER]
        with torch.autocast(device.type, torch.bfloat16):
            scores = module(*_padded([rows[i] for i in part], device)).float()
        found |= {i: scores[n, : len(rows[i].ids)] for n, i in enumerate(part)}
    return torch.cat([found[i] for i in range(len(rows))])


def _filled(rows: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=filler)


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


def mean(paths: Sequence[Path]) -> dict[str, Any]:
    """The mean of the weights of several files (Wortsman and others 2022), which reads unfamiliar documents a little
    better than each: AUC of refusing on `starter` 0.96, of five trainings alone 0.90 to 0.96."""
    weights = [trained(path) for path in paths]
    return {name: np.mean([each[name] for each in weights], axis=0) for name in weights[0]}


_tokenizer = cache(packaged_tokenizer)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main(words: Sequence[str]) -> None:
    """Gather, train or average, and write what comes of it."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.train_crossencoder", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("do", choices=("gather", "public", "train", "mean"))
    parser.add_argument("out", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="groups to draw some of at each step")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--rate", type=float, default=RATE, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(words)
    if options.do == "mean":
        keep(mean(options.files), options.out)
    elif options.do == "train":
        groups, beside = ([g for path in paths for g in read_groups(path)] for paths in (options.files, options.beside))
        module = train(groups, options.start, beside, options.passes, options.rate, options.seed)
        keep(changed(module), options.out)
    else:
        gather = own_groups if options.do == "gather" else public_groups
        count = write_groups((group for path in options.files for group in gather(path)), options.out)
        _say(f"{count} questions")


if __name__ == "__main__":
    main(sys.argv[1:])
