"""The parts of the benchmark that each run in a fresh process, so that memory and start-up are their own.

Run by `evals.bench` as `python -m evals.bench_phases PHASE FOLDER ...`; the last line on stdout is the result as JSON.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Result = dict[str, float]
ROUNDS = 3
"""One round tells more of the machine's other work than of the code: torch is twenty times slower on a busy core."""
COLD_QUESTION = "What is the role of the Special Representative of the Secretary-General?"


def ingest(folder: Path, corpus: Path) -> Result:
    """Take the corpus in, encode its passages again and nothing else, then take the unchanged corpus in once more."""
    from assistant.loading import load
    from evals.suites import document_folders

    folders = document_folders("corpus", corpus)
    with _home(folder) as home, _PeakOfChildren() as readers:
        before = _processor_seconds()
        first, outcomes = _timed(lambda: list(load(home, folders)))
        spent = _processor_seconds() - before
        again, unchanged = _timed(lambda: list(load(home, folders)))
        taken = [outcome for outcome in outcomes if outcome.state == "added"]
        if sum(o.state == "unchanged" for o in unchanged) != len(taken):
            raise SystemExit("a second ingest of unchanged files did not find them unchanged: nothing to compare")
        batches = list(_texts_and_spans(home.store))
        before = _processor_seconds()
        encoding, _ = _timed(lambda: [home.store.embedding.encode(texts, spans) for texts, spans in batches])
        spent_encoding = _processor_seconds() - before
        return {
            "documents": len(taken),
            "pages": sum(o.document.pages or 0 for o in taken if o.document),
            "passages": sum(o.passages for o in taken),
            "ingest_seconds": first,
            "encoding_seconds": encoding,
            "again_seconds": again,
            "ingest_to_encoding_processor": spent / spent_encoding,
            "peak_megabytes": _peak_megabytes("self"),
            "reader_peak_megabytes": readers.megabytes,
        }


def read(folder: Path, corpus: Path) -> Result:
    """Read every file of the corpus in the reader's process, and do nothing else; `folder` is not used."""
    from evals.suites import document_folders
    from knowledge.errors import KnowledgeError
    from knowledge.readers.read import find_files
    from knowledge.readers.sandbox import ReaderProcess

    files, _ = find_files(document_folders("corpus", corpus))
    pages = 0
    with ReaderProcess() as reader:
        next(iter(reader.read_all(files[:1])))  # the child's imports are no pages
        seconds, readings = _timed(lambda: [reading for _, reading in reader.read_all(files)])
    for reading in readings:
        pages += 0 if isinstance(reading, KnowledgeError) else reading.pages or 0
    return {"pages_a_second": pages / seconds}


def ask(folder: Path, corpus: Path) -> Result:
    """Warm answers and the tutorial pipeline's searches in turn, question by question, the best of ROUNDS for each.

    The pass before it, over the same questions, warms what an asker keeps warm and gives the memory of asking.
    """
    from assistant.answers import Question
    from assistant.bootstrap import assistant_for
    from evals.configurations import CONFIGURATIONS
    from evals.suites import load_suite
    from knowledge.access import PUBLIC

    questions = [Question(case.question, case.history) for case in load_suite("corpus").cases]
    with _home(folder) as home:
        assistant = assistant_for(home)
        for question in questions:
            assistant.ask(question, PUBLIC)
        peak = _peak_megabytes("self")
        tutorial = CONFIGURATIONS["tutorial"].make(home, 150)
        for question in questions[:20]:
            tutorial.search(question, 4)
        searched, answered, retrieved = [[math.inf] * len(questions) for _ in range(3)]
        for number in list(range(len(questions))) * ROUNDS:
            question = questions[number]
            seconds, _ = _timed(lambda: tutorial.search(question, 4))  # noqa: B023  # called at once
            searched[number] = min(searched[number], seconds)
            seconds, answer = _timed(lambda: assistant.ask(question, PUBLIC))  # noqa: B023  # called at once
            answered[number] = min(answered[number], seconds)
            retrieved[number] = min(retrieved[number], answer.timing_ms["retrieve"] / 1000)
    return {
        "questions": len(questions),
        **_milliseconds("answer", answered),
        **_milliseconds("retrieve", retrieved),
        **_milliseconds("tutorial", searched),
        "peak_megabytes": peak,
    }


def cold(folder: Path, started: float) -> Result:
    """The steps of one `focal ask`, each with its seconds; `started` is the monotonic time of the process's start."""
    marks = [("interpreter", started, time.monotonic())]

    @contextmanager
    def step(name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        marks.append((name, begun, time.monotonic()))

    with step("our imports"):
        from assistant import asking, bootstrap, cli, terminal
        from assistant.answers import Question
        from knowledge.access import PUBLIC
        from knowledge.embedding import EMBEDDINGS
    with step("Chroma's import"):
        import chromadb
    assert asking and cli and chromadb  # imported for their time
    name = _settings(folder).embedding
    model = EMBEDDINGS[name]

    def timed_model(home: Path, progress: Callable[[str], None] = lambda line: None) -> Any:
        with step("open model"):
            return model(home, progress)

    EMBEDDINGS[name] = timed_model
    with step("open stores"):
        home = bootstrap.open_home(_settings(folder))
    with step("ask"):
        answer = bootstrap.assistant_for(home).ask(Question(COLD_QUESTION), PUBLIC)
        terminal.answer_text(answer)
    with step("close"):
        home.close()
    seconds = {name: end - begin for name, begin, end in marks}
    seconds["open stores"] -= seconds["open model"]
    seconds["retrieve"] = answer.timing_ms["retrieve"] / 1000
    seconds["answer"] = seconds.pop("ask") - seconds["retrieve"]
    return seconds


def prepare(folder: Path, corpus: Path) -> Result:
    """Open an empty home once, which makes the model's export if need be and warms the file cache."""
    with _home(folder):
        return {}


@contextmanager
def _home(folder: Path) -> Iterator[Any]:
    from assistant.bootstrap import open_home

    home = open_home(_settings(folder))
    try:
        yield home
    finally:
        home.close()


def _settings(folder: Path) -> Any:
    from assistant import settings

    return settings.load().model_copy(update={"home": folder})


def _texts_and_spans(store: Any) -> Iterator[tuple[list[str], list[list[tuple[int, int]]]]]:
    """What ingestion encodes, document by document."""
    from knowledge.ingestion import embedded_text

    for document in store.register.all_documents():
        passages = [stored.passage for stored in store.register.stored_passages(document.id)]
        texts = [embedded_text(document, passage) for passage in passages]
        starts = [len(text) - len(passage.text) for text, passage in zip(texts, passages, strict=True)]
        yield (
            texts,
            [
                [(at + s.start, at + s.end) for s in passage.sentences]
                for at, passage in zip(starts, passages, strict=True)
            ],
        )


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def _processor_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _milliseconds(name: str, seconds: Sequence[float]) -> Result:
    import numpy as np

    return {f"{name}_p{share}_ms": float(np.percentile(seconds, share)) * 1000 for share in (50, 95)}


def _peak_megabytes(process: int | str) -> float:
    """Peak resident memory of a living process; 0 where the system does not tell.

    Not getrusage: its peak of a process includes what its parent held when it was started.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")), 0.0)


class _PeakOfChildren:
    """Looks every 50 ms at the peak memory of this process's children; `megabytes` is the largest seen."""

    megabytes = 0.0

    def __enter__(self) -> _PeakOfChildren:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            for children in Path("/proc/self/task").glob("*/children"):
                try:
                    numbers = children.read_text(encoding="ascii").split()
                except OSError:
                    continue
                self.megabytes = max([self.megabytes, *(_peak_megabytes(number) for number in numbers)])


def main(phase: str, folder: str, *rest: str) -> None:
    """Run one phase and print its result."""
    if phase == "cold":
        result = cold(Path(folder), float(rest[0]))
    else:
        result = {"prepare": prepare, "ingest": ingest, "read": read, "ask": ask}[phase](Path(folder), Path(rest[0]))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
