"""Abbreviations and their expansions, taken from the documents themselves, every expansion with its document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from knowledge.documents import Passage
from knowledge.register import Abbreviation
from knowledge.words import STOPWORDS, plain

_SHORT = r"(?:[A-Z][A-Za-z]?[A-Z0-9&/.-]{0,10}[A-Za-z0-9]|[A-Z]\d+)s?"
_IN_BRACKETS = re.compile(rf"\(\s*[\"“']?({_SHORT})[\"”']?\s*(?:[,;]\s[^()]{{0,40}})?\)")
_BEFORE_BRACKETS = re.compile(rf"(?<![\w/-])({_SHORT})\s+\(([A-Z][^()]{{6,90}})\)")
_LIST_LINE = re.compile(rf"^({_SHORT})\s*(?:\t|[:=–|-]|\s)\s*([A-Z][^\n|]{{6,100}}?)(?= \||$)", re.MULTILINE)
_SYMBOL = re.compile(r"/\d")
_WORD = re.compile(r"[A-Za-z0-9’']+")
_LINKING = {
    "of",
    "the",
    "for",
    "and",
    "in",
    "on",
    "to",
    "de",
    "des",
    "du",
    "la",
    "le",
    "les",
    "et",
    "pour",
    "a",
    "an",
    "by",
    "with",
    "at",
}


def extract(document_id: str, passages: Iterable[Passage]) -> list[Abbreviation]:
    """Every abbreviation that a document expands, once for each different expansion, in order of first appearance."""
    found: dict[tuple[str, str], Abbreviation] = {}
    for passage in passages:
        for short, long in _pairs(passage):
            key = (short, long.casefold())
            found.setdefault(key, Abbreviation(short, long, document_id, passage.id))
    return list(found.values())


def _pairs(passage: Passage) -> Iterator[tuple[str, str]]:
    text = passage.text
    for match in _IN_BRACKETS.finditer(text):
        long = long_form(match[1], text[max(0, match.start() - 140) : match.start()])
        if long:
            yield _bare(match[1]), long
    for match in _BEFORE_BRACKETS.finditer(text):
        if initials_match(_bare(match[1]), match[2]):
            yield _bare(match[1]), " ".join(match[2].split())
    for match in _LIST_LINE.finditer(text):
        if initials_match(_bare(match[1]), match[2]):
            yield _bare(match[1]), " ".join(match[2].split()).rstrip(".;")


def _bare(short: str) -> str:
    return short[:-1] if short.endswith("s") and short[:-1].isupper() else short


def long_form(short: str, before: str) -> str | None:
    """The words at the end of `before` that a bracketed short form stands for, or None.

    Wanted is the shortest run of words whose initials give the short form; failing that one that needs letters from
    inside words (after Schwartz and Hearst 2003); failing that, for short forms made in another language, the
    capitalised name before the bracket. The symbol of a document stands for no words.
    """
    if _SYMBOL.search(short):
        return None
    letters = len(re.sub(r"[^A-Za-z0-9]", "", _bare(short)))
    clause = re.split(r"[.;:!?]\s+(?=[A-Z])|[()\n]", before)[-1].rstrip(" ,“\"'”")
    words = clause.split()
    runs = [" ".join(words[-count:]) for count in range(max(2, letters // 2), min(len(words), letters * 2 + 3) + 1)]
    for inside in (0, 2):
        for run in runs:
            if run.split()[0].lower() not in _LINKING and initials_match(_bare(short), run, inside):
                return run.strip(" ,“\"'’")
    return _capitalised_name(words) if letters >= 5 and _bare(short).isupper() else None


def _capitalised_name(words: Sequence[str]) -> str | None:
    """The name that ends a clause: capitalised words with linking words between, at least three of them capitalised."""
    start = len(words)
    for index in range(len(words) - 1, -1, -1):
        if words[index][:1].isupper():
            start = index
        elif words[index].lower() not in _LINKING:
            break
    name = words[start:]
    return " ".join(name).strip(',“"') if sum(w[:1].isupper() for w in name) >= 3 and len(name) <= 14 else None


def initials_match(short: str, long: str, inside: int = 2) -> bool:
    """True if the letters of `short` are, in order, the initials of the words of `long`.

    Up to `inside` letters may come from inside a word ("CMCoord"); linking words may be passed over, others not.
    """
    letters = re.sub(r"[^A-Za-z0-9]", "", short).lower()
    words = [w.lower() for part in _WORD.findall(long) for w in re.split(r"[’']", part) if w]
    content = [w for w in words if w not in _LINKING]
    if len(letters) < 2 or not content or len(content) > len(letters) + 1 or long.upper() == long:
        return False
    return any(_covered(letters, tuple(candidate), inside) for candidate in (content, words))


def _covered(letters: str, words: tuple[str, ...], inside: int) -> bool:
    """Whether `letters` can be read off `words`, each word giving its initial and perhaps letters after it."""
    if not words:
        return not letters
    if not letters or words[0][0] != letters[0]:
        return False
    if _covered(letters[1:], words[1:], inside):
        return True
    return any(
        _subsequence(letters[1 : 1 + taken], words[0][1:]) and _covered(letters[1 + taken :], words[1:], inside - taken)
        for taken in range(1, min(inside, len(letters) - 1) + 1)
    )


def _subsequence(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)


@dataclass(frozen=True)
class Glossary:
    """Abbreviations of the documents one asker may read, looked up both ways."""

    entries: Sequence[Abbreviation]
    by_short: dict[str, list[Abbreviation]] = field(init=False)
    by_long: dict[str, list[Abbreviation]] = field(init=False)

    def __post_init__(self) -> None:
        by_short: dict[str, list[Abbreviation]] = {}
        by_long: dict[str, list[Abbreviation]] = {}
        for entry in self.entries:
            by_short.setdefault(entry.short.casefold(), []).append(entry)
            by_long.setdefault(plain(entry.long), []).append(entry)
        object.__setattr__(self, "by_short", by_short)
        object.__setattr__(self, "by_long", by_long)

    def expansions(self, short: str) -> list[str]:
        """Different expansions of a short form, the one in most documents first; wording variants count once."""
        return [entries[0].long for entries in self.meanings(short)]

    def meanings(self, short: str) -> list[list[Abbreviation]]:
        """The entries of a short form, grouped by expansion, the one in most documents first."""
        groups: dict[str, list[Abbreviation]] = {}
        for entry in self.by_short.get(short.casefold(), []):
            groups.setdefault(plain(entry.long), []).append(entry)
        return sorted(groups.values(), key=len, reverse=True)

    def shorts_in(self, text: str) -> list[str]:
        """Short forms standing in a text as words, in order; lower case counts where it is no everyday word."""
        found: list[str] = []
        for word in re.findall(r"[A-Za-z0-9][\w&/.-]*\w|\w", text):
            for form in (word, word[:-1] if word.endswith("s") else word):
                everyday = form.lower() in STOPWORDS and not form.isupper()
                long_enough = not form.islower() or len(form) >= 3
                if form.casefold() in self.by_short and long_enough and not everyday and form not in found:
                    found.append(form)
                    break
        return found

    def longs_in(self, text: str) -> list[Abbreviation]:
        """Abbreviations whose long form stands in a text, one a short form."""
        low = f" {plain(text)} "
        return [entries[0] for long, entries in self.by_long.items() if " " in long and f" {long} " in low]
