"""One case in the report: question, what was expected, what was answered, what was retrieved, and whom to blame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from evals.run import CaseResult
from evals.scorers import facts_found, holds
from evals.scoring import BLAME_WORDS, METRICS

PASSAGE_CHARACTERS = 260


def case_details(result: CaseResult, before: CaseResult | None = None) -> str:
    """The case folded to one line, with everything inside; its element id is "case-" and the case id."""
    recall = result.scores.get("nugget_recall")
    tags = [f'<span class="tag">{escape(result.type)}</span>']
    if recall is not None:
        tags.append(f'<span class="tag">{100 * recall:.0f} % of facts</span>')
    if result.blame:
        tags.append(
            f'<span class="tag{"" if result.passed else " bad"}">{escape(result.blame.replace("_", " "))}</span>'
        )
    if before is not None and before.passed != result.passed:
        tags.append('<span class="tag good">fixed</span>' if result.passed else '<span class="tag bad">broken</span>')
    question = result.case.question if result.case else result.id
    return (
        f'<details class="case" id="case-{escape(result.id)}"><summary><span class="id">{escape(result.id)}</span>'
        f'<span class="q">{escape(question)}</span>{"".join(tags)}</summary>{_body(result, before)}</details>'
    )


def _body(result: CaseResult, before: CaseResult | None) -> str:
    parts = []
    if result.blame:
        parts.append(f"<p><b>{escape(dict(BLAME_WORDS)[result.blame])}</b>{_rank_words(result)}</p>")  # type: ignore[index]
    if result.error:
        parts.append(f"<pre>{escape(result.error)}</pre>")
    if result.case:
        parts += [_history(result), _expected(result)]
    if result.answer:
        parts.append(_answer(result))
    if result.passages:
        parts.append(_passages(result))
    parts.append(_scores(result, before))
    return "".join(parts)


def _rank_words(result: CaseResult) -> str:
    if not result.ranks:
        return ""
    words = [f"rank {rank}" if rank else "not among the first 100" for rank in result.ranks]
    return f' <span class="soft">· evidence: {", ".join(words)}</span>'


def _history(result: CaseResult) -> str:
    turns = result.case.history if result.case else ()
    return "<h3>Asked before</h3>" + "".join(f"<p>{escape(turn)}</p>" for turn in turns) if turns else ""


def _expected(result: CaseResult) -> str:
    case = result.case
    assert case is not None
    if not case.facts:
        return (
            f"<h3>Expected</h3><p>status {escape(case.expected_status)}, no answer; it was {escape(result.status)}</p>"
        )
    said = str((result.answer or {}).get("answer", ""))
    items = [
        f'<li class="{"yes" if found else "no"}">{escape(" | ".join(fact))}</li>'
        for fact, found in zip(case.facts, facts_found(said, case.facts), strict=True)
    ]
    places = [
        f"<blockquote>{escape(e.quote)}<br><span class=soft>{escape(e.document)}"
        f"{', para. ' + escape(e.paragraph) if e.paragraph else ''}</span></blockquote>"
        for e in case.evidence
    ]
    return f'<h3>Expected facts</h3><ul class="facts">{"".join(items)}</ul><h3>Where they stand</h3>{"".join(places)}'


def _answer(result: CaseResult) -> str:
    answer = result.answer or {}
    citations: Sequence[Mapping[str, Any]] = answer.get("citations", ())
    text = _highlighted(str(answer.get("answer", "")), [str(c["quote"]) for c in citations])
    sources = [
        f"[{c['number']}] {escape(str(c.get('symbol') or c.get('document_id')))}"
        f"{', para. ' + escape(str(c['paragraph'])) if c.get('paragraph') else ''}"
        f"{', p. ' + escape(str(c['page'])) if c.get('page') else ''}"
        f" <span class=soft>{escape(str(c.get('standing', '')))}</span>"
        for c in citations
    ]
    confidence = float(answer.get("confidence", 0.0))
    return (
        f'<h3>Answer <span class="soft">· {escape(result.status)}, confidence {confidence:.2f}</span></h3>'
        f'<div class="answer">{text}</div><p class="soft">{"<br>".join(sources)}</p>'
    )


def _highlighted(text: str, quotes: Sequence[str]) -> str:
    """The text escaped, with the quoted spans marked; quotes that overlap become one span."""
    marked = [False] * len(text)
    for quote in filter(None, quotes):
        start = text.find(quote)
        while start >= 0:
            marked[start : start + len(quote)] = [True] * len(quote)
            start = text.find(quote, start + 1)
    shown, inside = [], False
    for character, wanted in zip(text, marked, strict=True):
        if wanted != inside:
            shown.append("<mark>" if wanted else "</mark>")
            inside = wanted
        shown.append(escape(character))
    return "".join([*shown, "</mark>" if inside else ""])


def _passages(result: CaseResult) -> str:
    quotes = [e.quote for e in result.case.evidence] if result.case else []
    items = []
    for passage in result.passages:
        text = str(passage["text"])
        hit = any(holds(text, quote) for quote in quotes)
        place = f"{passage['document_id']}{', para. ' + str(passage['paragraph']) if passage.get('paragraph') else ''}"
        whole = hit or len(text) <= PASSAGE_CHARACTERS
        short = text if whole else text[:PASSAGE_CHARACTERS] + " …"
        items.append(
            f'<li class="{"hit" if hit else ""}"><b>{escape(place)}</b> <span class="soft">{passage["score"]:.3f}'
            f"{' · holds the evidence' if hit else ''}</span><br>{escape(short)}</li>"
        )
    return f'<h3>Retrieved</h3><ol class="passages">{"".join(items)}</ol>'


def _scores(result: CaseResult, before: CaseResult | None) -> str:
    rows = []
    for name, metric in METRICS.items():
        if name in result.scores:
            was = f"{before.scores[name]:.2f}" if before and name in before.scores else ""
            changed = bool(before and before.scores.get(name) != result.scores[name])
            style = "" if changed else ' class="grey"'
            cells = f'<td class="n">{was}</td>' if before else ""
            rows.append(f'<tr{style}><td>{metric.label}</td>{cells}<td class="n">{result.scores[name]:.2f}</td></tr>')
    heads = '<th class="n">before</th>' if before else ""
    table = f'<table><tr><th>score</th>{heads}<th class="n">now</th></tr>{"".join(rows)}</table>'
    return f'<details class="more"><summary>scores</summary>{table}</details>'
