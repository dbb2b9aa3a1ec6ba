"""The accepted figures, one run a suite, in `evals/baseline.json`: scores alone, no words of documents."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from evals.cases import CaseError
from evals.run import Run

PATH = Path(__file__).resolve().parent / "baseline.json"


class Baseline(BaseModel):
    """Accepted runs by suite name."""

    suites: dict[str, Run] = Field(default_factory=dict)


def read(path: Path = PATH) -> Baseline:
    """The accepted runs; none where the file is missing. Raises CaseError if it is damaged."""
    if not path.exists():
        return Baseline()
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise CaseError(f"{path.name}: {where} {error.errors()[0]['msg']}: restore it from version control") from None


def accepted(suite: str, outside: Set[str] = frozenset(), path: Path = PATH) -> Run | None:
    """The accepted run of a suite, None where there is none; `outside` are ids that the present run leaves out."""
    run = read(path).suites.get(suite)
    if run is None:
        return None
    return Run(conditions=run.conditions, results=[result for result in run.results if result.id not in outside])


def accept(run: Run, path: Path = PATH) -> None:
    """Make this run the accepted one of its suite."""
    baseline = read(path)
    baseline.suites[run.conditions.suite] = run.slim()
    partial = path.with_suffix(".partial")
    partial.write_text(baseline.model_dump_json(indent=0, exclude_defaults=True) + "\n", encoding="utf-8")
    partial.replace(path)
