"""Speed and memory on the corpus, as ratios within one run: `python -m evals.bench [--corpus DIR] [--out FILE]`.

Ratios, because seconds belong to a machine and its other work. Each run is one line of JSON in a table file, and is
shown beside the one before it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from assistant import settings
from evals.bench_phases import COLD_QUESTION
from evals.cases import CaseError
from evals.command import CORPUS
from evals.run import commit
from evals.suites import PROJECT, document_folders

HISTORY = PROJECT / "bench" / "history.jsonl"
COLD_STARTS = 5
VERSIONS = ("chromadb", "langchain", "numpy", "onnxruntime", "pypdfium2", "sentence-transformers", "torch")


@dataclass(frozen=True)
class Row:
    """One measured value of the table; `target` is the most it may be, where there is one."""

    label: str
    unit: str
    target: float | None = None


ROWS = {
    "ingest_to_encoding": Row("ingest / pure embedding of its passages", "x", 1.5),
    "ingest_to_encoding_processor": Row("the same in processor time", "x"),
    "again_to_ingest": Row("ingest of the unchanged corpus / first ingest", "x", 0.03),
    "pages_a_second": Row("pages read", "/s"),
    "ingest_seconds": Row("ingest", "s"),
    "answer_p50_to_tutorial": Row("whole warm answer p50 / tutorial's search p50", "x"),
    "answer_p95_to_tutorial": Row("whole warm answer p95 / tutorial's search p95", "x", 1.5),
    "answer_p50_ms": Row("whole warm answer p50", "ms"),
    "answer_p95_ms": Row("whole warm answer p95", "ms"),
    "retrieve_p95_ms": Row("its retrieval p95", "ms"),
    "tutorial_p95_ms": Row("tutorial's search p95", "ms"),
    "cold_seconds": Row("`focal ask` in a fresh process", "s", 4.0),
    "ingest_peak_megabytes": Row("peak memory of ingest", "MB"),
    "reader_peak_megabytes": Row("peak memory of its reader", "MB"),
    "ask_peak_megabytes": Row("peak memory of asking", "MB"),
}
"""What is shown and compared; everything else measured is in the table file too."""


def main() -> int:
    """Measure, print, append; 0 if every target is met, 1 if one is missed, 2 if there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS, help=f"folder of documents (default {CORPUS})")
    parser.add_argument("--out", type=Path, default=HISTORY, help="table file that runs are appended to")
    arguments = parser.parse_args()
    try:
        document_folders("corpus", arguments.corpus)
    except CaseError as error:
        print(f"bench: {error}: name its parent with --corpus", file=sys.stderr)
        return 2
    corpus = arguments.corpus.resolve()
    before = _previous(arguments.out)
    with tempfile.TemporaryDirectory(prefix="focal-bench-") as folder:
        run = {**_circumstances(), "measured": _measure(Path(folder), corpus)}
    _show(run, before)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")
    return int(any(_missed(key, run["measured"]) for key in ROWS))


def _measure(folder: Path, corpus: Path) -> dict[str, Any]:
    models = settings.load().folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    (folder / "models").symlink_to(models.resolve())
    _phase("prepare", folder, str(corpus))
    _tell("ingesting")
    taken = _phase("ingest", folder, str(corpus))
    _tell("reading")
    read = _phase("read", folder, str(corpus))
    _tell("asking")
    asked = _phase("ask", folder, str(corpus))
    _tell("starting cold")
    wholes, steps = [], []
    for _ in range(COLD_STARTS):
        wholes.append(_cold_command(folder))
        steps.append(_phase("cold", folder, str(time.monotonic())))
    return {
        **taken,
        **asked,
        **read,
        "ingest_to_encoding": taken["ingest_seconds"] / taken["encoding_seconds"],
        "again_to_ingest": taken["again_seconds"] / taken["ingest_seconds"],
        "answer_p50_to_tutorial": asked["answer_p50_ms"] / asked["tutorial_p50_ms"],
        "answer_p95_to_tutorial": asked["answer_p95_ms"] / asked["tutorial_p95_ms"],
        "cold_seconds": statistics.median(wholes),
        "cold_steps": {name: statistics.median(step[name] for step in steps) for name in steps[0]},
        "ingest_peak_megabytes": taken["peak_megabytes"],
        "ask_peak_megabytes": asked["peak_megabytes"],
    }


def _phase(name: str, folder: Path, *rest: str) -> dict[str, float]:
    """Run a phase in a fresh process. Its errors go to the terminal and end the benchmark."""
    command = [sys.executable, "-m", "evals.bench_phases", name, str(folder), *rest]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT, check=False)
    if done.returncode:
        raise SystemExit(f"bench: the part {name!r} failed (exit status {done.returncode})")
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _cold_command(folder: Path) -> float:
    """Seconds of a whole `focal ask`."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "assistant.cli", "ask", COLD_QUESTION],
        env={**os.environ, "FOCAL_HOME": str(folder)},
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - begun


def _circumstances() -> dict[str, Any]:
    """When, which code, and what kind of machine: nothing that names the machine or its folders."""
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "processor": _processor(),
            "system": f"{platform.system()} {platform.machine()}",
            "load_at_start": round(os.getloadavg()[0], 2),
        },
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **{name: importlib.metadata.version(name) for name in VERSIONS},
        },
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _previous(history: Path) -> Mapping[str, Any] | None:
    """The last run of the table file, if it has one."""
    lines = history.read_text(encoding="utf-8").splitlines() if history.exists() else []
    last: Mapping[str, Any] | None = json.loads(lines[-1]) if lines else None
    return last


def _missed(key: str, measured: Mapping[str, float]) -> bool:
    target = ROWS[key].target
    return target is not None and measured[key] > target


def _show(run: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, 110)
    measured, earlier = run["measured"], before["measured"] if before else {}
    table = Table(box=None, pad_edge=False)
    for head in ("", "this run", "at most", "before", "change"):
        table.add_column(head, no_wrap=True, min_width=len(head))
    for key, row in ROWS.items():
        value, old = measured[key], earlier.get(key)
        change = f"{(value / old - 1) * 100:+.0f} %" if old else ""
        target = "" if row.target is None else f"{row.target:g}" + (" MISSED" if _missed(key, measured) else "")
        shown = "" if old is None else f"{old:.3g}"
        table.add_row(row.label, f"{value:.3g} {row.unit}", target, shown, change)
    console.print(table)
    steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in measured["cold_steps"].items())
    console.print(f"cold start, step by step in seconds: {steps}")
    counts = {name: int(measured[name]) for name in ("documents", "pages", "passages", "questions")}
    console.print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if before and before["machine"] | {"load_at_start": 0} != run["machine"] | {"load_at_start": 0}:
        console.print("the run before was on another kind of machine: only its ratios compare")


def _tell(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
