"""Keeps of a model's sentences only what the passages say: quotes found word for word, then the wording compared.

A sentence is shown if its passages were given to the model, its quotes stand in them, and it aligns, whole or clause by
clause, with sentences that the quotes touch. See `alignment` for what may differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.answerers.alignment import align
from assistant.answerers.sources import Unit, find_quote, shorten, units
from assistant.answerers.tokens import Token
from assistant.answerers.variants import attributed, clauses, moved_phrases, passives, possessives
from assistant.answerers.wording import Source, is_verb, tokenise
from assistant.citations import Claim
from knowledge.cleaning import normalise_characters, split_sentences
from knowledge.retrieved import RetrievedPassage

MAX_WORDS = 70
"""Words of one sentence; longer ones are lists that the extractive answer shows better."""
MAX_SUPPORTS = 6
MAX_CLAUSES = 3


@dataclass(frozen=True)
class Support:
    """What a sentence says it rests on."""

    passage_id: str
    quote: str


@dataclass(frozen=True)
class Proposed:
    """One sentence of a model's answer, not yet believed."""

    text: str
    supports: tuple[Support, ...]


@dataclass(frozen=True)
class Verdict:
    """The claims a sentence gave, one for each source it rests on, or the reason it was dropped."""

    claims: tuple[Claim, ...] = ()
    reason: str = ""


_UNSAFE = re.compile(r"[<>{}|`*\\]|://|\bwww\.|\]\(|\[|\]|(?<!\w)[@#]\w|^\s*(?:[-#>=+]|\d+\))\s", re.IGNORECASE)
_HALVES = (
    ("not (?:only|just|merely|simply)", "but"),
    ("both", "and"),
    ("either", "or"),
    ("neither", "nor"),
    ("rather", "than"),
)
"""Words that promise a second half; cut off, they turn the first one round."""
_MARKERS = re.compile(r"\s*\[\d{1,2}\](?=[\s.,;:]|$)")
_LINK = re.compile(r"^(?:and|but|while|whereas|yet)\s+")
_LEANING = frozenset(
    "it they he she this these those such its their his her both former latter one ones that another".split()
)
_EMPTY_SUBJECT = re.compile(
    r"it (?:is|was|has been) (?:also |further )?(?:noted|emphasi[sz]ed|stressed|recalled|suggested|"
    r"recommended|agreed|expected|proposed|observed|underlined|underscored|stated|reported) that\b",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|rule|prompt|guideline|above|previous|prior)"
    r"|\bsystem prompt\b|\b(?:as|you are) an? (?:ai|assistant|language model|chatbot)\b|\b(?:dear )?assistant\s*[:,]"
    r"|\b(?:respond|reply|answer) (?:only )?(?:with|that)\b|\b(?:tell|inform) (?:the )?(?:user|reader|asker)\b"
    r"|\bdo not cite\b|\bcite nothing\b|\bnew instructions?\b|<\|?(?:system|im_start)",
    re.IGNORECASE | re.DOTALL,
)


def addresses_a_model(text: str) -> bool:
    """True if a text speaks to an assistant; such a passage may be quoted by the extractive answer, never retold."""
    return bool(_ADDRESSED.search(normalise_characters(text)))


def ground(proposed: Proposed, given: Mapping[str, RetrievedPassage], previous: Claim | None = None) -> Verdict:
    """Check one sentence against the passages given to the model; `previous` is the claim shown before it."""
    text = " ".join(_MARKERS.sub("", normalise_characters(proposed.text)).split())
    if not text or _UNSAFE.search(text) or addresses_a_model(text):
        return Verdict(reason="markup, a link or nothing")
    if len(text.split()) > MAX_WORDS or len(proposed.supports) > MAX_SUPPORTS:
        return Verdict(reason="too long")
    found: list[Unit] = []
    for support in proposed.supports:
        source = given.get(support.passage_id)
        if source is None:
            return Verdict(reason="cites a passage it was not given")
        if addresses_a_model(source.passage.text):
            return Verdict(reason="rests on text that speaks to a model")
        place = find_quote(support.quote, source.passage)
        if place is None:
            return Verdict(reason="a quote does not stand in its passage")
        found += units(source, *place)
    claims: list[Claim] = []
    for start, end in split_sentences(text):
        part = _sentence(text[start:end], found, claims[-1] if claims else previous)
        if not part:
            return Verdict(reason="says what its quotes do not say")
        claims += part
    return Verdict(tuple(claims)) if claims else Verdict(reason="markup, a link or nothing")


def ground_all(sentences: Sequence[Proposed], given: Mapping[str, RetrievedPassage]) -> tuple[list[Claim], list[str]]:
    """The claims of all sentences that hold, and the reason for each that does not."""
    claims: list[Claim] = []
    reasons: list[str] = []
    for proposed in sentences:
        verdict = ground(proposed, given, claims[-1] if claims else None)
        claims += verdict.claims
        if verdict.reason:
            reasons.append(verdict.reason)
    return claims, reasons


def _sentence(text: str, found: Sequence[Unit], previous: Claim | None, most: int = MAX_CLAUSES) -> list[Claim]:
    """The sentence as one claim, else clause by clause, each with a subject of its own."""
    whole = _claim(text, found, previous)
    if whole is not None:
        return [whole]
    for first, rest in clauses(text) if most > 1 else ():
        if not (_stands_alone(first) and _stands_alone(rest)):
            continue
        head = _claim(first.rstrip(",;"), found, previous)
        tail = _sentence(rest, found, None, most - 1) if head else []
        if head and tail:
            return [head, *tail]
    return []


def _stands_alone(clause: str) -> bool:
    """True if a clause names what it speaks of before its verb."""
    tokens = tokenise(clause)
    verb = next((i for i in range(1, len(tokens)) if is_verb(tokens, i)), None)
    opening = [t for t in tokens if t.raw.lower() not in ("and", "but", "while", "whereas", "yet")]
    if verb is None or not opening or opening[0].raw.lower() in _LEANING:
        return False
    return any(t.counts and not is_verb(tokens, i) for i, t in enumerate(tokens[:verb]))


def _claim(text: str, found: Sequence[Unit], previous: Claim | None) -> Claim | None:
    for unit in found:
        if _holds(text, unit, previous):
            return Claim(text, unit.source, unit.quote)
    return None


def _holds(text: str, unit: Unit, previous: Claim | None) -> bool:
    if any(_has(first, text) and not _has(second, text) for first, second in _HALVES):
        return False
    if _leans(text) and not (_leans(unit.text) and unit.follows(previous)):
        return False
    bare = attributed(text, unit)
    if bare is None:
        return False
    if _letters(bare) == _letters(unit.text):
        return True
    claim = tokenise(shorten(_LINK.sub("", bare), unit.abbreviations))
    source = Source.of(tokenise(shorten(unit.text, unit.abbreviations)))
    return any(_aligned(form, source) for form in (claim, *passives(claim), *possessives(claim)))


def _aligned(claim: Sequence[Token], source: Source) -> bool:
    if align(claim, source) is not None:
        return True
    return any(align(main, source, covered) is not None for main, covered in moved_phrases(claim, source))


def _leans(text: str) -> bool:
    words = text.split(maxsplit=1)
    return bool(words) and words[0].lower().strip("“\"'") in _LEANING and not _EMPTY_SUBJECT.match(text)


def _has(words: str, text: str) -> bool:
    return bool(re.search(rf"\b{words}\b", text, re.IGNORECASE))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def proposals(rows: Sequence[Mapping[str, object]]) -> Iterator[Proposed]:
    """Sentences from plain values, for tests and tools: {"text", "supports": [{"passage", "quote"}]}."""
    for row in rows:
        supports = row.get("supports")
        given = supports if isinstance(supports, list) else []
        yield Proposed(str(row["text"]), tuple(Support(str(s["passage"]), str(s["quote"])) for s in given))
