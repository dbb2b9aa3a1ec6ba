# Two commands do everything: `make ask` and `make test`. Each installs what it needs, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
Q ?= To whom does a DSRSG/RC/HC report, and on what?
export Q
export HF_HUB_OFFLINE = 1

.PHONY: ask test lint types unit eval bench load soak clean

ask: $(VENV)/.ready ## index the starter notes on the first run, answer Q with its citation
	@$(BIN)/focal ask "$$Q"

test: lint types unit ## what CI runs

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-dev
	$(BIN)/mypy

unit: $(VENV)/.ready-dev
	$(BIN)/pytest

eval: $(VENV)/.ready-dev ## the starter suite against the accepted run; exit 1 when a gate breaks
	$(BIN)/focal eval starter --baseline --report evals/reports/starter

bench: $(VENV)/.ready-dev ## ratios within one run, over ../shared/corpus
	$(BIN)/python -m evals.bench

load: $(VENV)/.ready-dev ## a real server driven from a second process
	$(BIN)/python -m evals.load --seconds 10 --answers 10000

soak: $(VENV)/.ready-dev ## ten minutes of Slack events with faults, against the strict double
	$(BIN)/python tests/slack_soak.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("focal needs Python 3.11 or newer; set PYTHON=") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing (once, a few minutes)" >&2
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing with the development tools (once, a few minutes)" >&2
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@ $(VENV)/.ready
