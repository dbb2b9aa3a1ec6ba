"""Which sentences can be read alone, and which of its neighbours another needs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.documents import Passage
from knowledge.passages import CELL

MAX_RUN = 3
"""Sentences a line may take so that it can be read alone."""
MAX_WORDS = 95
MIN_WORDS = 7
MAX_CELLS = 3
"""A table row with more compares too much to be read as a line."""


def readable_run(passage: Passage, texts: Sequence[str], position: int) -> list[int] | None:
    """The sentence with what it needs to be read alone: the sentences it leans on, or a list's lead-in. None if that
    is not to be had."""
    if passage.kind == "table":
        rows = [n for n, text in enumerate(texts) if CELL in text]
        return [position] if position in rows[1:] and texts[position].count(CELL) < MAX_CELLS else None
    run = _list_run(texts, position) if passage.kind == "list" else [position]
    while run and leans(texts[run[0]]):
        if run[0] == 0 or (len(run) >= MAX_RUN and passage.kind != "list"):
            return None
        run.insert(0, run[0] - 1)
    if run is None:
        return None
    if _PROMISES.search(texts[run[-1]]) and run[-1] + 1 < len(texts):
        run.append(run[-1] + 1)
    words = sum(len(texts[n].split()) for n in run)
    whole = _is_whole(LIST_MARK.sub("", texts[run[0]]), LIST_MARK.sub("", texts[run[-1]]), passage.kind == "list")
    return run if whole and MIN_WORDS <= words <= MAX_WORDS else None


LIST_MARK = re.compile(r"^\s*(?:[-–•*▪◦]|\(?[a-z0-9]{1,4}[.)]|\d{1,3}(?= [A-Z]))\s+(?=\S)")


def _list_run(texts: Sequence[str], position: int) -> list[int] | None:
    """A lead-in goes with all its items, an item with the lead-in and the items between, unless it is a sentence."""
    items = [n for n, text in enumerate(texts) if LIST_MARK.match(text)]
    if not items:
        return [position] if not texts[position].rstrip().endswith(":") else None
    if position < items[0]:
        is_lead = position == items[0] - 1
        opens = is_lead and (texts[position].rstrip().endswith(":") or not _ends(texts[position]))
        return list(range(position, len(texts))) if opens else [position]
    body = LIST_MARK.sub("", texts[position])
    if position not in items:
        return [position]
    if re.match(r"[\"“(]?[A-Z]", body) and re.search(r"[.!]['\"”)]?$", body) and len(body.split()) >= 10:
        return [position]
    return list(range(items[0] - 1, len(texts))) if items[0] > 0 else None


def _ends(text: str) -> bool:
    return bool(re.search(r"[.!?][)\]\"”’']*$", text.rstrip()))


def _is_whole(first: str, last: str, is_list: bool) -> bool:
    """Starts like a sentence and ends like one; questions are not guidance; place names of the text itself are out."""
    starts = re.match(r"[\"“‘'(]?[A-Z0-9]", first)
    ends = _ends(last) or is_list
    return (
        bool(starts and ends) and not last.rstrip().endswith("?") and not _POINTS_ELSEWHERE.search(first + " " + last)
    )


_POINTS_ELSEWHERE = re.compile(
    r"\b(?:(?:as|is|are|was|were|see|noted|discussed|described|mentioned|indicated|set out|outlined) "
    r"(?:\w+ ){0,2}(?:above|below|earlier|previously)"
    r"|(?:previous|preceding|following|next) (?:paragraph|section|chapter|example|page)s?"
    r"|see [^().]{0,60}\b(?:below|above)|see (?:also|section|chapter|annex|footnote|figure|table|box))\b",
    re.IGNORECASE,
)

_EXPLETIVE = r" (?:is|was|remains|(?:should|must|will|can|may) be)(?:,? [\w-]+,?){1,4}? (?:that|to|whether)\b"
"""After an "it" that stands for nothing before ("it is important to ...")."""
_DEMONSTRATIVE = "(?:this|that|these|those)"

_OPENINGS = (
    rf"this|these|those|that|it(?!{_EXPLETIVE})|its|they|their|them|he|she|his|her|such|both|others?|another|one such",
    r"neither|either|(?:all|some|many|most|none|each|part) of (?:them|these|this|those)|each\b(?! (?:\w+ ){0,2}should)",
    r"the (?:latter|former|same|others?|two|three|above)",
    r"the (?:first|second|third|fourth)(?= (?:is|was|one|concerns?|relates?|refers?)\b)",
    r"however|moreover|furthermore|therefore|thus|hence|consequently|accordingly|nevertheless|nonetheless|instead",
    r"similarly|likewise|also|again|yet|but|and|or|so|still|indeed|(?:rather|further),|conversely|finally|otherwise",
    r"here|then|too|meanwhile|nor|of course|there(?! (?:is|are|was|were|should|must|has|have|will|can|may)\b)",
    rf"(?:in|to|for|with|from|under|by|along|following|despite|given) {_DEMONSTRATIVE}|only then|after all",
    r"in (?:addition|contrast|fact|effect|short|sum|turn|particular|such|so|doing|other words|response|all cases)",
    r"in the (?:former|latter|first instance)|as (?:a result|such|a consequence|noted|discussed|stated)",
    r"to (?:date|summari[sz]e)",
    r"for (?:example|instance|(?:the |a )?\w+ reason)|by (?:contrast|way of|comparison)|that (?:said|is)",
    r"on the (?:other|one|contrary|face)|at the (?:same|other)|lastly|(?:first|second|third|fourth)(?:ly)?",
    r"one (?:reason|result|consequence|deputy)",
)
"""How a sentence begins that goes on from the one before."""
_OPENS_LEANING = re.compile(rf"^[\"“‘'(]?(?:{'|'.join(_OPENINGS)})(?!\w)", re.IGNORECASE)

_SHELL_NOUNS = """aim approach argument arrangement arrangements authority body combination concept conflict consequence
consequences decision deputy difference differences disagreement disagreements distinction division effect example
examples gap gaps group idea issue issues list note office option options point position practice practices problem
problems process proposal purpose question reason reasons recommendation relationship report result results situation
study suggestion table task tasks team tendency term text texts unit""".split()
"""Nouns that stand for something said before when "the" alone precedes them (shell nouns; Schmid 2000)."""
_SHELL = re.compile(
    rf"^The (?:[a-z]+ )?(?:{'|'.join(_SHELL_NOUNS)})\b(?! (?:of|for|between|that|to|in|on|by|with|from|team|at|over)\b)"
)

_LEANS_INSIDE = re.compile(
    r"\bthis (?!study|report|paper|note|document|guidance|policy|chapter)\w+|\bthese\b"
    r"|\bthose (?!who|that|which|of|in|on|at|with|for|under|responsible|concerned|\w+ing\b|\w+ed\b)\w+"
    r"|\bthat (?:potential|particular|same|very|regard|respect|sense|way|function|position|official|gap|tension|case|"
    r"office|role|end|purpose|context)\b|\bsuch (?!as\b|that\b|a way)\w+|\bthe (?:former|latter)\b|\bdo so\b|"
    r"\b(?:a|the) (?:similar|same) \w+(?! as\b)|\bboth (?!\w+ and\b)(?:the )?\w+s\b(?! and\b)"
)
_PRONOUN_SECOND = re.compile(rf"^[^,.;]{{1,45}}, (?:it(?!{_EXPLETIVE})|they|he|she|this|these|those)\b")
_LINKED = re.compile(
    r"^(?:\S+ ){1,7}?(?:therefore|thus|moreover|nevertheless|for example|for instance|also),",
)
_PROMISES = re.compile(
    r"\b(?:two|three|four|five|six|seven|several|following)\b(?: [\w-]+){1,2}(?: \([^()]*\))?[.:]$", re.IGNORECASE
)
"""A sentence that ends by counting what the next one names ("... should meet two tests.")."""


def leans(sentence: str) -> bool:
    """True if a sentence points back at one before it."""
    body = LIST_MARK.sub("", sentence)
    openings = (_OPENS_LEANING, _SHELL, _PRONOUN_SECOND, _LINKED)
    return any(pattern.match(body) for pattern in openings) or bool(_LEANS_INSIDE.search(body))
