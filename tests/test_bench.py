"""The benchmark says what is missing, compares with the run before, and names no machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals import bench, bench_phases


def run_of(value: float, **measured: Any) -> dict[str, Any]:
    return {
        **bench._circumstances(),
        "measured": {
            **dict.fromkeys(bench.ROWS, value),
            **dict.fromkeys(("documents", "pages", "passages", "questions"), 3),
            "cold_steps": {"interpreter": 0.02},
            **measured,
        },
    }


def test_an_absent_corpus_is_one_line_and_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "--corpus", str(tmp_path), "--out", str(tmp_path / "h.jsonl")])
    assert bench.main() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and str(tmp_path) in said and "--corpus" in said
    assert not (tmp_path / "h.jsonl").exists()


def test_a_run_is_shown_beside_the_one_before_with_its_change(capsys: pytest.CaptureFixture[str]) -> None:
    bench._show(run_of(0.02, pages_a_second=50.0), run_of(0.01, pages_a_second=40.0))
    shown = capsys.readouterr().out
    (pages,) = [line for line in shown.splitlines() if line.startswith("pages read")]
    assert pages.split() == ["pages", "read", "50", "/s", "40", "+25", "%"]


def test_a_missed_target_is_marked_and_decides_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("guidance", "un-reports"):
        (tmp_path / folder).mkdir()
    history = tmp_path / "h.jsonl"
    monkeypatch.setattr("sys.argv", ["bench", "--corpus", str(tmp_path), "--out", str(history)])
    for slow, status in ((0.02, 0), (5.0, 1)):
        monkeypatch.setattr(bench, "_measure", lambda folder, corpus, v=slow: run_of(0.02, cold_seconds=v)["measured"])
        assert bench.main() == status
    assert "4 MISSED" in capsys.readouterr().out
    runs = [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]
    assert [run["measured"]["cold_seconds"] for run in runs] == [0.02, 5.0]


def test_circumstances_name_neither_machine_nor_folders() -> None:
    import platform

    said = json.dumps(bench._circumstances())
    assert str(Path.cwd()) not in said
    assert f'"{platform.node()}"' not in said


def test_peak_memory_is_that_of_the_process_itself() -> None:
    assert 5 < bench_phases._peak_megabytes("self") < 5_000
    assert bench_phases._peak_megabytes(2**30) == 0
