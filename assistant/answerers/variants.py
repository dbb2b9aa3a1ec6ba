"""Other orders that say the same: a phrase moved, active for passive, an attribution in front, clauses one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.answerers.sources import Unit
from assistant.answerers.tokens import Token
from assistant.answerers.wording import BE, DOCUMENT_WORDS, PREPOSITIONS, PRESENT, Source, is_verb, same_word, tokenise

MAX_PHRASE = 10
_BREAK = re.compile(r"(?:;\s+|,?\s+(?=(?:and|but|while|whereas|yet)\s)|,\s+(?=which\s))")
_ATTRIBUTION = re.compile(
    r"^(?:According to (?P<a>[^,]{3,80}), |(?P<b>(?:The|This) [^,]{3,60}?) "
    r"(?:says?|states?|notes?|finds?|found|reports?|explains?) that )(?P<rest>.+)$",
    re.DOTALL,
)


def attributed(text: str, unit: Unit) -> str | None:
    """The text without "According to the 2005 study,"; None if the source named there is not this one.

    A source that the text itself names ("the Capstone Doctrine holds that") stays in the claim.
    """
    match = _ATTRIBUTION.match(text)
    if match is None:
        return text
    named = [t for t in tokenise(match["a"] or match["b"]) if t.counts and t.raw.lower() not in DOCUMENT_WORDS]
    if not all(any(same_word(t, known) for known in _origin(unit)) for t in named):
        return None if match["a"] else text
    rest = match["rest"]
    return rest[0].upper() + rest[1:]


def _origin(unit: Unit) -> list[Token]:
    """Words that name where a unit comes from: its document, and the source in brackets at the end of its sentence."""
    document, passage = unit.source.document, unit.source.passage
    names = " ".join(filter(None, (document.title, document.short_title, document.symbol, (document.date or "")[:4])))
    brackets = re.findall(r"\(([^()]*\d[^()]*)\)", unit.text)
    if not brackets:
        brackets = re.findall(r"\(([^()]+)\)\W*$", passage.text)
    return tokenise(" ".join([names, *brackets]))


def clauses(text: str) -> Iterator[tuple[str, str]]:
    """Every cut of a sentence in two at a clause boundary; both halves keep all their words."""
    for match in _BREAK.finditer(text):
        first, rest = text[: match.end()].rstrip(), text[match.end() :]
        if first and rest and "which" not in rest[:6]:
            yield first, rest


def passives(claim: Sequence[Token]) -> Iterator[list[Token]]:
    """ "Y was proposed by X ..." as "X proposed Y ...", and the other way round."""
    by = next((i for i, t in enumerate(claim) if t.raw.lower() == "by"), None)
    if by is not None and by > 1 and claim[by - 1].raw.lower().endswith("ed"):
        be = next((i for i in range(by - 1, 0, -1) if claim[i].raw.lower() in BE), None)
        if be is not None and by - be <= 3:
            if claim[be].raw.lower() in PRESENT:
                claim = [*claim[: by - 1], replace(claim[by - 1], raw=claim[by - 1].key), *claim[by:]]
            for end in _phrase_ends(claim, by + 1):
                yield [*claim[by + 1 : end], *claim[be + 1 : by], *claim[:be], *claim[end:]]
        return
    verb = next((i for i in range(1, len(claim)) if is_verb(list(claim), i)), None)
    if verb is not None and claim[verb].raw.lower().endswith("ed"):
        was, agent = Token("was", "was", "light"), Token("by", "by", "light")
        for end in _phrase_ends(claim, verb + 1):
            yield [*claim[verb + 1 : end], was, claim[verb], agent, *claim[:verb], *claim[end:]]


def possessives(claim: Sequence[Token]) -> Iterator[list[Token]]:
    """ "The mission's first role is ..." as "the first role of the mission is ..."."""
    owner = next((i for i, t in enumerate(claim) if t.is_possessive), None)
    if owner is None or owner > 5 or any(t.counts and t.role == "critical" for t in claim[:owner]):
        return
    verb = next((i for i in range(owner + 2, len(claim)) if is_verb(list(claim), i)), None)
    if verb is not None:
        bare = replace(claim[owner], raw=claim[owner].raw.removesuffix("'s").removesuffix("'"))
        yield [*claim[owner + 1 : verb], Token("of", "of", "light"), *claim[:owner], bare, *claim[verb:]]


def _phrase_ends(claim: Sequence[Token], start: int) -> Iterator[int]:
    """Where the noun phrase from `start` may end: before each preposition, and at the end."""
    for i in range(start + 1, len(claim)):
        if claim[i].raw.lower() in PREPOSITIONS - {"of"} or claim[i].before:
            yield i
    yield len(claim)


def moved_phrases(claim: Sequence[Token], source: Source) -> Iterator[tuple[list[Token], set[int]]]:
    """The claim without an opening or closing phrase that stands elsewhere at an edge of the source's clause."""
    comma = next((i for i, t in enumerate(claim) if i and "," in t.before), None)
    if comma is not None and comma <= MAX_PHRASE and claim[0].raw.lower() in _OPENERS:
        for place in _standing(claim[:comma], source):
            yield list(claim[comma:]), place
    for start in range(max(1, len(claim) - MAX_PHRASE), len(claim)):
        if claim[start].raw.lower() in _OPENERS:
            for place in _standing(claim[start:], source):
                if min(place) <= 3:
                    yield list(claim[:start]), place


_OPENERS = PREPOSITIONS - {"of"} | {
    "when",
    "during",
    "before",
    "after",
    "where",
    "inside",
    "within",
    "between",
    "until",
}


def _standing(phrase: Sequence[Token], source: Source) -> Iterator[set[int]]:
    """Places where a phrase stands without a gap, between two edges of a clause."""
    wanted = [t for t in phrase if t.counts]
    counting = [i for i, t in enumerate(source.tokens) if t.counts and not t.depth]
    for start in range(len(counting) - len(wanted) + 1):
        run = counting[start : start + len(wanted)]
        if not wanted or not all(same_word(w, source.tokens[i]) for w, i in zip(wanted, run, strict=True)):
            continue
        first, last = run[0], run[-1]
        while first and source.tokens[first - 1].role == "light" and not source.tokens[first].before:
            first -= 1
        following = source.tokens[last + 1] if last + 1 < len(source.tokens) else None
        at_start = first == 0
        at_end = following is None or bool(following.before) or following.depth > 0
        same_opening = source.tokens[first].raw.lower() == phrase[0].raw.lower()
        if same_opening and (at_start or at_end):
            yield set(range(first, last + 1))
