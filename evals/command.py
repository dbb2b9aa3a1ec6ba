"""What `focal eval` does, one function a way of calling it; each returns the exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from assistant.bootstrap import chat_line
from assistant.settings import Settings
from evals import baseline as baselines
from evals import beir as beir_collections
from evals import drafts, gates, judge, robustness, terminal
from evals.cases import Case, CaseError, Half, Suite
from evals.compare import compare
from evals.configurations import DEFAULT, changed, configuration
from evals.report import write_report
from evals.run import Run, commit, load_run, run
from evals.subjects import Subject
from evals.suites import SUITES, load_suite, open_index, verify_evidence
from knowledge.ingestion import slug

CORPUS = Path("../shared/corpus")
"""The documents of the corpus suite, from the project's root; they are other people's and not part of it."""
PEER_WORDS = 150
"""Words a peer's answer is cut to when nothing was measured to take the number from."""


def run_eval(
    settings: Settings,
    suite: str = "starter",
    *,
    half: Half = "all",
    baseline: bool = False,
    accept: bool = False,
    report: Path | None = None,
    with_robustness: bool = False,
    ask_judge: judge.Ask | None = None,
    corpus: Path = CORPUS,
    console: Console | None = None,
) -> int:
    """Measure the assistant on a suite and print what a developer needs; 1 if a gate broke, else 0.

    `baseline` compares with the accepted run and gates on supported drops; `accept` makes this run the accepted one
    (of the whole suite only). `report` is a folder for `index.html` and `run.json`. `ask_judge` is the chat model,
    given only when its opinion was asked for. Raises CaseError for a suite that cannot be used.
    """
    console = console or Console()
    whole = load_suite(suite)
    chosen = whole.only(half)
    if accept and half != "all":
        raise CaseError("only a run of the whole suite can be accepted: leave --half out")
    if (accept or baseline) and suite not in SUITES:
        raise CaseError(f"only a named suite has an accepted run: use one of {', '.join(SUITES)}")
    if accept and commit().endswith("+"):
        raise CaseError("an accepted run tells its commit, and files differ from the last one: commit them first")
    accepted = None
    if baseline:
        outside = {case.id for case in whole.cases} - {case.id for case in chosen.cases}
        accepted = baselines.accepted(whole.name, outside)
        if accepted is None:
            raise CaseError(f"suite {whole.name!r} has no accepted run: make one with --accept")
    with open_index(suite, settings, corpus, _say(console)) as home:
        verify_evidence(whole, home, corpus, _say(console))
        subject = configuration(DEFAULT).make(home, PEER_WORDS)
        measured = _measure(chosen, subject, DEFAULT, half, console)
        varied = _varied(chosen, subject, half, console) if with_robustness else {}
    comparison = compare(accepted, measured) if accepted else None
    breaches = gates.check(measured, comparison)
    terminal.summary(measured, breaches, comparison, console)
    drops = robustness.drops(measured, varied)
    if drops:
        console.print(terminal.robustness_table(drops))
    judgement = judge.judge(measured, ask_judge) if ask_judge else None
    if judgement:
        console.print(terminal.judge_line(judgement))
    if report:
        console.print(f"report: {write_report(measured, breaches, comparison, report, drops, judgement)}")
    if accept and (broken := gates.promises(measured)):
        raise CaseError(f"not accepted: gate {', '.join(breach.gate for breach in broken)} does not hold")
    if accept:
        baselines.accept(measured)
    return gates.exit_status(breaches)


def compare_configurations(
    settings: Settings,
    names: Iterable[str],
    suite: str = "starter",
    *,
    half: Half = "all",
    report: Path | None = None,
    corpus: Path = CORPUS,
    console: Console | None = None,
) -> int:
    """Measure configurations (or read runs saved as .json) side by side; the last is compared with the first.

    A peer's answers are cut to the average number of words of the assistant's own, which are measured for that purpose
    when they are not among the names. 1 if the last breaks a promise, else 0. Raises CaseError for a name or suite
    that cannot be used.
    """
    console = console or Console()
    names = list(names)
    if len(set(names)) < len(names):
        raise CaseError(f"{names[0]} with itself is no comparison: name two configurations")
    chosen = load_suite(suite).only(half)
    runs = {name: _saved(Path(name)) for name in names if name.endswith(".json")}
    live = [name for name in names if name not in runs]
    configurations = {name: configuration(name) for name in live}
    for each in configurations.values():
        changed(settings, each.changes)
    asked = [{r.id for r in saved.results} for saved in runs.values()] + [{c.id for c in chosen.cases}] * bool(live)
    if not set.intersection(*asked):
        raise CaseError(f"{names[0]} and {names[-1]} share no case: they are runs of different suites")
    own = [name for name in live if name not in gates.UNCITED] or [DEFAULT] * bool(live)
    words, say = PEER_WORDS, _say(console)
    for name in [*own, *(name for name in live if name in gates.UNCITED)]:
        chosen_configuration = configurations.get(name) or configuration(name)
        with open_index(suite, changed(settings, chosen_configuration.changes), corpus, say) as home:
            runs[name] = _measure(chosen, chosen_configuration.make(home, words), name, half, console)
        if runs[name].fallbacks and len(runs[name].fallbacks) == len(runs[name].given):
            raise CaseError(f"{name}: no answer is the chat model's, so nothing was measured: is it reachable?")
        words = words if name in gates.UNCITED else _words(runs[name])
    runs = {name: runs[name] for name in names}
    console.print(terminal.comparison_table(runs))
    console.print(terminal.type_table(runs, "nugget_recall"))
    console.print(terminal.type_table(runs, "evidence@5"))
    first, *_, last = runs.values()
    comparison = compare(first, last)
    console.print(f"{names[0]} -> {names[-1]}, paired:")
    breaches = gates.promises(last)
    terminal.summary(last, breaches, comparison, console)
    if report:
        console.print(f"report: {write_report(last, breaches, comparison, report)}")
        for name, measured in runs.items():
            measured.save(report / f"{slug(name.removesuffix('.json'))}.json")
    return gates.exit_status(breaches)


def run_beir(settings: Settings, folder: Path, console: Console | None = None) -> int:
    """Print nDCG@10 and recall@5/20/100 of the project's own retrieval over a folder in BEIR layout."""
    console = console or Console()
    collection = beir_collections.load_collection(folder)
    console.print(f"{collection.name}: {len(collection.texts)} texts, {len(collection.queries)} questions")
    figures = beir_collections.measure(collection, beir_collections.search(collection, settings, settings.retrieval))
    for name, figure in figures.items():
        console.print(f"  {name:8} {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]", highlight=False)
    return 0


def draft_cases(rows: Iterable[drafts.LoggedQuestion], target: Path, console: Console | None = None) -> int:
    """Write drafts of cases from rows of the answer log; questions that are cases already are left out.

    The caller opens the log and passes its rows, in any order.
    """
    console = console or Console()
    if target.exists():
        raise CaseError(f"{target} is there already and may hold work: move it, or name another file with --out")
    known = [(case.question, case.history) for name in SUITES for case in _cases_if_any(name)]
    found = drafts.draft_cases(rows, known)
    drafts.write_drafts(found, target)
    console.print(f"{len(found)} drafts in {target}: add facts, evidence and type, then move them to a suite")
    return 0


def chat_model_judge(settings: Settings) -> judge.Ask:
    """The set chat model as a judge. Raises SettingsError if none is set."""
    line = chat_line(settings)
    return lambda prompt: line.ask("You grade answers strictly and reply with JSON only.", prompt)


def _saved(path: Path) -> Run:
    try:
        return load_run(path)
    except OSError as error:
        raise CaseError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise CaseError(f"{path} is no saved run: `--report DIR` writes one, run.json") from None


def _say(console: Console) -> Callable[[str], None]:
    """Print a line, dim, the first time it is said: each configuration opens its index anew."""
    said: set[str] = set()

    def say(line: str) -> None:
        if line not in said:
            said.add(line)
            console.print(line, style="dim", markup=False, highlight=False)

    return say


def _cases_if_any(name: str) -> tuple[Case, ...]:
    try:
        return load_suite(name).cases
    except CaseError:
        return ()


def _measure(suite: Suite, subject: Subject, name: str, half: Half, console: Console) -> Run:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=len(suite.cases))
        return run(
            suite,
            subject,
            configuration=name,
            half=half,
            progress=lambda done, total: progress.update(task, completed=done),
        )


def _varied(suite: Suite, subject: Subject, half: Half, console: Console) -> dict[str, Run]:
    suites = {variant: robustness.vary(suite, variant) for variant in robustness.VARIANTS}
    return {
        variant: _measure(varied, subject, variant, half, console) for variant, varied in suites.items() if varied.cases
    }


def _words(measured: Run) -> int:
    figure = measured.figure("words")
    return round(figure.value) if figure.n else PEER_WORDS
