"""A run: every case of a suite asked once, in process, with all that is needed to judge, repeat and compare it."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from assistant.answers import Answer, Question
from evals import metrics, scorers, scoring
from evals.cases import Case, Suite
from evals.subjects import Hit, Subject
from knowledge.retrieval import Weights

DEPTH = 10
"""Passages kept and scored for each case."""
DEEP = Weights().ranked
"""Passages looked at to say where the evidence of a failed case ranked: all that retrieval ranks."""
LIBRARIES = ("chromadb", "numpy", "onnxruntime", "scipy", "sentence-transformers", "torch")


class CaseResult(BaseModel):
    """What became of one case. A slim result (in the baseline) has neither case nor answer nor passages."""

    id: str
    type: str
    digest: str
    status: str
    scores: dict[str, float]
    passed: bool
    blame: str | None = None
    case: Case | None = None
    answer: dict[str, Any] | None = None
    passages: list[dict[str, Any]] = Field(default_factory=list)
    ranks: list[int | None] = Field(default_factory=list)
    """For each evidence quote the rank of the first passage that holds it."""
    milliseconds: dict[str, float] = Field(default_factory=dict)
    """"search" and "answer" as measured here; the answer's own stages under their names."""
    error: str | None = None

    def slim(self) -> CaseResult:
        """Scores alone: documents are other people's, so their words do not go into a file that is kept."""
        return CaseResult(
            id=self.id, type=self.type, digest=self.digest, status=self.status, scores=self.scores,
            passed=self.passed, blame=self.blame,
        )  # fmt: skip


class Conditions(BaseModel):
    """Under which a run was made; two runs with the same conditions give the same scores."""

    suite: str
    half: str = "all"
    configuration: str = "focal"
    settings: dict[str, Any] = Field(default_factory=dict)
    index: str = ""
    documents: dict[str, str] = Field(default_factory=dict)
    """sha256 by document id."""
    commit: str = ""
    machine: dict[str, str] = Field(default_factory=dict)
    libraries: dict[str, str] = Field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0


class Run(BaseModel):
    """All results of one suite under one set of conditions."""

    conditions: Conditions
    results: list[CaseResult]

    @property
    def name(self) -> str:
        """Configuration and commit, as a reader tells runs apart."""
        return f"{self.conditions.configuration}@{self.conditions.commit or 'no commit'}"

    def values(self, metric: str, of_type: str | None = None) -> list[float]:
        """The scores of one metric over the cases it applies to, in suite order."""
        kept = (r for r in self.results if of_type is None or r.type == of_type)
        return [r.scores[metric] for r in kept if metric in r.scores]

    def figure(self, metric: str, of_type: str | None = None) -> metrics.Figure:
        """Mean or rate of one metric with its interval."""
        return metrics.figure(self.values(metric, of_type))

    def types(self) -> list[str]:
        """Case types in order of first appearance."""
        return list(dict.fromkeys(result.type for result in self.results))

    def risk_coverage(self) -> metrics.RiskCoverage:
        """Error (1 - nugget recall; 1 on the unanswerable) of the answers given, most confident first."""
        given = [
            (float((r.answer or {}).get("confidence", 0.0)), 1.0 - r.scores.get("nugget_recall", 0.0))
            for r in self.given
        ]
        return metrics.risk_coverage(given, len(self.results))

    @property
    def given(self) -> list[CaseResult]:
        """The results that hold an answer, neither refused nor failed."""
        return [r for r in self.results if r.status not in scorers.ABSTENTIONS and r.status != "error"]

    @property
    def fallbacks(self) -> list[str]:
        """Ids of answers that were to be a chat model's and are extractive, since it failed or little of it held."""
        notices = ((r.id, (r.answer or {}).get("notices", ())) for r in self.results)
        return [i for i, said in notices if any(notice["kind"] == "fallback" for notice in said)]

    def latency(self) -> dict[str, dict[str, float]]:
        """Percentiles in milliseconds of each stage."""
        stages = dict.fromkeys(stage for result in self.results for stage in result.milliseconds)
        return {
            stage: metrics.percentiles([r.milliseconds[stage] for r in self.results if stage in r.milliseconds])
            for stage in stages
        }

    def slim(self) -> Run:
        """The run without words of documents, to be kept as a baseline."""
        return Run(conditions=self.conditions, results=[result.slim() for result in self.results])

    def save(self, path: Path) -> None:
        """Write the run as JSON, replacing the file at once."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(self.model_dump_json(indent=1, exclude_defaults=True) + "\n", encoding="utf-8")
        partial.replace(path)


def run(
    suite: Suite,
    subject: Subject,
    *,
    configuration: str = "focal",
    half: str = "all",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Run:
    """Ask every case once and score it. The first question is asked once more beforehand, so that caches are warm.

    An error while asking is a result ("error"), never the end of the run. `progress` hears (done, total).
    """
    started, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    library = _Library(subject)
    _warm_up(subject, suite.cases[0])
    results = []
    for done, case in enumerate(suite.cases, 1):
        results.append(_run_case(case, subject, library))
        progress(done, len(suite.cases))
    conditions = Conditions(
        suite=suite.name,
        half=half,
        configuration=configuration,
        settings=dict(subject.settings),
        index=subject.fingerprint,
        documents=dict(subject.documents()),
        commit=commit(),
        machine=machine(),
        libraries=libraries(),
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - clock, 2),
    )
    return Run(conditions=conditions, results=results)


def load_run(path: Path) -> Run:
    """Read a run that `Run.save` wrote. Raises OSError or pydantic's ValidationError."""
    return Run.model_validate_json(path.read_text(encoding="utf-8"))


class _Library:
    """Every passage's text, by passage and by document."""

    def __init__(self, subject: Subject) -> None:
        self.by_document: dict[str, list[str]] = {}
        self.by_passage: dict[str, str] = {}
        for document in subject.documents():
            passages = subject.passages(document)
            self.by_document[document] = [text for _, text in passages]
            self.by_passage |= dict(passages)


def _warm_up(subject: Subject, case: Case) -> None:
    try:
        subject.ask(Question(case.question, case.history))
        subject.search(Question(case.question, case.history), DEPTH)
    except Exception:  # the same error is recorded when the case is run
        return


def _run_case(case: Case, subject: Subject, library: _Library) -> CaseResult:
    question = Question(case.question, case.history)
    answer: Answer | None = None
    hits: Sequence[Hit] = ()
    deep: Sequence[Hit] = ()
    quotes = [evidence.quote for evidence in case.evidence]
    milliseconds: dict[str, float] = {}
    error = None
    try:
        hits, milliseconds["search"] = _timed(lambda: subject.search(question, DEPTH))
        given, milliseconds["answer"] = _timed(lambda: subject.ask(question))
        answer = given
        milliseconds |= {f"stage: {stage}": value for stage, value in given.timing_ms.items()}
        if None in scorers.evidence_ranks(quotes, [hit.text for hit in hits[:DEPTH]]):
            deep = subject.search(question, DEEP)
    except Exception as problem:  # whatever it is, it is the finding of this case
        error = f"{type(problem).__name__}: {problem}"
    ranks = scorers.evidence_ranks(quotes, [hit.text for hit in hits[:DEPTH]])
    scores = scoring.score(case, answer, ranks, library.by_passage)
    if deep:
        ranks = scorers.evidence_ranks(quotes, [hit.text for hit in deep])
    return CaseResult(
        id=case.id,
        type=case.type,
        digest=case.digest,
        status=str(answer.status) if answer else "error",
        scores=scores,
        passed=answer is not None and scoring.passed(case, scores),
        blame=scoring.blame(case, answer, scores, ranks, library.by_document.get, [hit.text for hit in hits]),
        case=case,
        answer=json.loads(json.dumps(answer.as_dict())) if answer else None,
        passages=[asdict(hit) for hit in hits[:DEPTH]],
        ranks=ranks,
        milliseconds={stage: round(value, 2) for stage, value in milliseconds.items()},
        error=error,
    )


T = TypeVar("T")


def _timed(action: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    return action(), (time.perf_counter() - start) * 1000


def commit(folder: Path = Path(__file__).parent) -> str:
    """The commit the code is at, with "+" when files differ from it; empty outside a repository.

    The accepted runs in `evals/baseline.json` are no code, and one is accepted after the other.
    """
    but_accepted = ":(top,exclude)evals/baseline.json"
    try:
        revision, changed = [
            subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
            for words in (
                ("rev-parse", "--short=12", "HEAD"),
                ("status", "--porcelain", "-uno", "--", ":(top)", but_accepted),
            )
        ]
    except (OSError, subprocess.CalledProcessError):
        return ""
    return revision + ("+" if changed else "")


def machine() -> dict[str, str]:
    """Processor, cores, system and Python: what latency depends on. No host or user name."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
    }


def libraries() -> dict[str, str]:
    """Versions of the libraries that scores depend on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
