"""Finding a quote in its passage, and the sentences around it that a claim may be held against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from assistant.answerers.wording import is_verb, tokenise
from assistant.citations import Claim
from knowledge.documents import Passage
from knowledge.glossary import extract
from knowledge.passages import table_row_sentence
from knowledge.retrieved import RetrievedPassage

MIN_QUOTE_LETTERS = 8
_SAME = str.maketrans("‘’“”–—‑‐", "''\"\"----")
_PRONOUN = re.compile(r"(?:It|They|He|She)\b")


@dataclass(frozen=True)
class Unit:
    """A sentence, table row or list item with its lead-in, as a claim is held against it."""

    source: RetrievedPassage
    text: str
    start: int
    end: int
    """Place of the quote in the passage."""
    abbreviations: Mapping[str, str]
    """Long form to short form, as the passage itself gives them."""

    @property
    def quote(self) -> str:
        """The exact words of the passage."""
        return self.source.passage.text[self.start : self.end]

    def follows(self, claim: Claim | None) -> bool:
        """True if a claim was made from the words right before these."""
        if claim is None or claim.source.passage.id != self.source.passage.id:
            return False
        before = self.source.passage.text[: self.start].rstrip()
        return before.endswith(claim.quote.rstrip()) or self.quote in claim.quote


def find_quote(quote: str, passage: Passage) -> tuple[int, int] | None:
    """Where a quote stands in a passage, blind to white space and to the shape of quotation marks and dashes."""
    plain = " ".join(quote.split()).translate(_SAME)
    if len(re.sub(r"\W", "", plain)) < MIN_QUOTE_LETTERS:
        return None
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(passage.text.translate(_SAME)):
        if character.isspace():
            if letters and letters[-1] == " ":
                continue
            character = " "
        letters.append(character)
        places.append(place)
    start = "".join(letters).find(plain)
    return None if start < 0 else (places[start], places[start + len(plain) - 1] + 1)


def units(source: RetrievedPassage, start: int, end: int) -> Iterator[Unit]:
    """What a quote touches, always in whole sentences, so that no "not" is cut off."""
    passage = source.passage
    short = abbreviations(passage)
    touched = [i for i, s in enumerate(passage.sentences) if s.start < end and s.end > start]
    for i in touched:
        sentence = passage.sentences[i]
        text = passage.text[sentence.start : sentence.end]
        if passage.kind == "table":
            yield Unit(source, table_row_sentence(passage.text, text), sentence.start, sentence.end, short)
            continue
        yield Unit(source, text, sentence.start, sentence.end, short)
        if i and _PRONOUN.match(text):
            before = passage.sentences[i - 1]
            subject = _subject(passage.text[before.start : before.end])
            if subject:
                yield Unit(source, _PRONOUN.sub(subject, text, count=1), before.start, sentence.end, short)
    if passage.kind == "list" and touched:
        yield from _list_units(source, touched, short)


def _list_units(source: RetrievedPassage, touched: list[int], short: Mapping[str, str]) -> Iterator[Unit]:
    """Each touched item with the lead-in, and the whole list."""
    passage = source.passage
    lead = next((i for i, s in enumerate(passage.sentences) if passage.text[s.start : s.end].endswith(":")), None)
    if lead is None:
        return
    head = passage.sentences[lead]
    opening = passage.text[head.start : head.end]
    for i in touched:
        item = passage.sentences[i]
        if i > lead:
            text = f"{opening}\n{passage.text[item.start : item.end]}"
            yield Unit(source, text, head.start, item.end, short)
    last = passage.sentences[-1]
    yield Unit(source, passage.text[head.start : last.end], head.start, last.end, short)


def _subject(sentence: str) -> str | None:
    """The words before the first verb."""
    tokens = tokenise(sentence)
    verb = next((i for i in range(1, len(tokens)) if is_verb(tokens, i)), None)
    if verb is None or any(t.before or t.depth for t in tokens[1 : verb + 1]):
        return None
    words = re.match(rf"(?:\W*[\w’'/.-]+){{{verb}}}", sentence)
    return words.group().strip() if words else None


def abbreviations(passage: Passage) -> Mapping[str, str]:
    """Long form to short form, longest first, where the passage gives a short form one meaning."""
    return _abbreviations(passage.document_id, passage)


@lru_cache(maxsize=512)
def _abbreviations(document_id: str, passage: Passage) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for entry in extract(document_id, [passage]):
        found.setdefault(entry.short, set()).add(entry.long)
    single = {longs.pop(): short for short, longs in found.items() if len(longs) == 1}
    return dict(sorted(single.items(), key=lambda item: -len(item[0])))


def shorten(text: str, abbreviations: Mapping[str, str]) -> str:
    """The text with every long form as its short form, and "Long (SHORT)" as SHORT, which needs no "UN" before it."""
    for long, short in abbreviations.items():
        text = re.sub(rf"{re.escape(long)}(?:\s*\({re.escape(short)}s?\))?", short, text)
        text = re.sub(rf"\b(?:UN|United Nations) (?={re.escape(short)}\b)", "", text)
    return text
