"""Understanding a question before searching: what it refers to, which words count, what its abbreviations mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from knowledge import french, thesaurus
from knowledge.courtesies import without_courtesies
from knowledge.fulltext import codes
from knowledge.glossary import Glossary
from knowledge.spelling import Respelled, as_written
from knowledge.words import FRENCH_STOPWORDS, STOPWORDS, content_words, plain, shortened, stems, words, written_as_name

_REFERENCE = re.compile(
    r"(?:\b(para(?:graph)?s?|recommendations?|recs?|sections?|sec|annex(?:es)?|appendix|footnotes?|endnotes?|notes?|"
    r"paragraphes?)\b|(§|¶))\.?\s*(?:no\.?\s*)?(\d{1,3}(?:\.\d{1,2})*(?:\s*\([a-z]{1,2}\))?|[IVX]{1,5}\b)",
    re.IGNORECASE,
)
_BARE_SECTION = re.compile(r"^\s*(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)\b(?! ?(?:%|per|million|billion))")
_UNITS = {"p": "paragraph", "r": "recommendation", "s": "section", "a": "annex", "f": "note", "e": "note", "n": "note"}
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(rf"\b((?:{'|'.join(_MONTHS)})[a-z]*)\.?,? ((?:19|20)\d{{2}})\b", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"(?:(?<=\bthe )|(?<=[’']))(0\d|1\d|2\d)\b(?! (?:per|%))")
_ANAPHORA = frozenset("it its they them their theirs he she his her hers him this these those former latter".split())
_POINTING_BACK = re.compile(
    r"\b(?:for|of|on|to|about|after|before|with|by|than|is|was|does|do) (?:that|one|both|such)\b|\bthat one\b", re.I
)
_OPENERS = re.compile(
    r"^(?:and|but|or|so|also|then|what about|how about|what if|et|mais|ok|okay|in that case|how so|"
    r"why(?: not)?\b.{0,12}$)\b",
    re.IGNORECASE,
)
_KIND = (
    r"(?:stud(?:y|ies)|reports?|rept|papers?|synthesis|polic(?:y|ies)|guidelines?|(?:guidance )?notes?|summar(?:y|ies)|"
    r"resolutions?|documents?|texts?)"
)
_DATED = rf"(?:\b(?:{'|'.join(_MONTHS)})[a-z]*\.?,?\s+)?(?:\b(?:19|20)\d\d\b|[‘’']?\b0\d\b)"
_SYMBOL = (
    r"\b[A-Z]{1,4}/(?:[\w.()-]+/)*\d+(?:/\d+)?(?:\s*\(\d+\))?|\bres(?:olution|\.)?\s+\d{4}\b(?:\s*\((?:19|20)\d\d\))?"
)
_JOINING = (
    r"(?:according|a|an|and|as|at|by|for|from|in|is|of|on|or|our|per|said|says|that|the|their|this|to|under|with)\b"
)
_NAMING = re.compile(
    r"(?P<aside>[,;(]?\s*\b(?:according to|acc\.? to|going by|as per|per|in|from|of|by|says|said|under)\s+)?"
    r"(?:\b(?:the|that|this|our|its)\s+(?:[^\W\d][\w’'-]*\s+)?)?"
    rf"(?:{_DATED}\s+(?:(?!{_JOINING})[^\W\d][\w’'-]*\s+){{0,3}}?{_KIND}\b|\b{_KIND}\s+(?:of|from|in)\s+{_DATED}|{_SYMBOL})"
    r"(?:[’']s\b(?:\s+(?:view|words|opinion))?)?(?!\s+(?:team|committee|group|board|panel|section))",
    re.IGNORECASE,
)
"""How a question says which document it means. What follows may be who wrote it instead ("the 2005 study team")."""
LEFT = 3
"""Words that carry meaning of which at least so many must be left when those that name a document are taken out."""
_SHORT_FORM = re.compile(r"\w[\w&/.-]*\w")
_NOISE = re.compile(r"<[@#!][^>]*>|:[a-z0-9_+-]{2,30}:|https?://\S+|^\s*>.*$", re.MULTILINE)


@dataclass(frozen=True)
class Reference:
    """A place that the question names, such as paragraph 23 or recommendation 15."""

    unit: str
    """paragraph, recommendation, section, note or annex."""
    number: str
    part: str | None = None
    """Number of the annex that it is in, when the question says so."""


@dataclass(frozen=True)
class Query:
    """A question made ready for both searches."""

    text: str
    """The question with what earlier turns add to it, in English as far as our word list goes."""
    own_text: str
    """The question alone, cleaned of markup."""
    terms: tuple[str, ...]
    """Words that carry meaning, lower case, of `text` without `context_terms`."""
    context_terms: tuple[str, ...]
    """Words that only earlier turns contributed."""
    alternatives: tuple[tuple[str, ...], ...]
    """Each abbreviation (or name that has one) as it stands in the question, followed by its other forms."""
    everyday: tuple[tuple[str, ...], ...]
    """Each everyday word in the question, followed by what documents say for it."""
    abbreviations: tuple[str, ...]
    """Abbreviations in the question itself that the glossary knows, as written; those of earlier turns are not asked
    about."""
    codes: tuple[str, ...]
    references: tuple[Reference, ...]
    years: tuple[str, ...]
    months: tuple[str, ...]
    """Months with their year, as `2025-01`."""
    language: str
    elliptical: bool
    respelled: tuple[tuple[str, str], ...] = ()
    """Names and abbreviations in the question itself that are taken for slips: as written, and as read."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """Other forms of its abbreviations: expansions of short ones, short forms of long ones."""
        return tuple(dict.fromkeys(form for _, *others in self.alternatives for form in others))

    def mended(self, correct: Callable[[str], str]) -> Query:
        """The question with its misspelt words corrected in the search for words, where a stem is enough."""
        if self.language == "fr":
            return self
        terms = (term if self._is_written_as_name(term) else correct(term) for term in self.terms)
        return replace(self, terms=tuple(dict.fromkeys(terms)))

    def _is_written_as_name(self, term: str) -> bool:
        """True if the question writes a word with a capital that neither its place nor shouting explains."""
        written = re.findall(rf"(?<!\w){re.escape(term)}(?!\w)", self.text, re.IGNORECASE)
        opening = self.text[: len(term)].lower() == term
        return any(written_as_name(word, opening, self.text.isupper()) for word in written)

    def without_naming(self) -> Query:
        """The question as it is encoded and matched once it is known which document it means ("the 2005 study").

        The words that say so stand for what is asked of it in no passage, and draw passages on studies. A question
        that names two is left as it is: it compares them.
        """
        if len(_NAMING.findall(self.text)) != 1:
            return self
        text, own_text = (_without_naming(t) for t in (self.text, self.own_text))
        return replace(self, text=text, own_text=own_text) if len(content_words(text)) >= LEFT else self

    def without(self, names: Collection[str]) -> Query:
        """The question as it is encoded once its subjects have told which documents it is about.

        A report on a mission rarely says the mission's name where it answers, and says it where it answers nothing.
        """
        if not names:
            return self
        either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        bare = re.sub(rf"(?<!\w)(?:{either})(?:[’']?s)?(?!\w)", " ", self.text, flags=re.IGNORECASE)
        text = _tidy(bare)
        if len(content_words(text)) < LEFT:
            return self
        known = {name.lower() for name in names}
        return replace(
            self, text=text, alternatives=tuple(forms for forms in self.alternatives if forms[0].lower() not in known)
        )

    @cached_property
    def _forms(self) -> tuple[tuple[frozenset[str], ...], ...]:
        return tuple(tuple(map(stems, forms)) for forms in (*self.alternatives, *self.everyday))

    def with_other_forms(self, present: frozenset[str]) -> frozenset[str]:
        """The stems of a text, with those of every other form of an abbreviation or everyday word that stands there."""
        there = [forms for forms in self._forms if any(form and form <= present for form in forms)]
        return present.union(*(form for forms in there for form in forms))


def understand(
    question: str,
    history: Sequence[str],
    glossary: Glossary,
    respell: Callable[[str, bool], Respelled] = as_written,
) -> Query:
    """Make a question ready. `history` holds earlier user turns, oldest first; `respell` undoes slips.

    Of a text in French only names are respelled: the documents' words are English.
    """

    def mended(text: str) -> Respelled:
        bare = _bare(text)
        return respell(bare, language_of(bare) == "fr")

    own, respelled = mended(question)
    language = language_of(own)
    english = french.gloss(own) if language == "fr" else own
    elliptical = bool(history) and is_elliptical(english)
    turns = [mended(turn).text for turn in history[-3:]] if elliptical else []
    turns = [french.gloss(turn) if language_of(turn) == "fr" else turn for turn in turns]
    english, *turns = (thesaurus.spelled_out(each) for each in (english, *turns))
    written_out = _written_out(" ".join([*turns, english]), glossary)
    english, *turns = (shortened(each, written_out) for each in (english, *turns))
    text = " ".join([*turns, english])
    terms = tuple(content_words(english))
    shorts = glossary.shorts_in(text.lower() if text.isupper() else text)
    own_shorts = glossary.shorts_in(english.lower() if english.isupper() else english)
    alternatives = {short.lower(): tuple(glossary.expansions(short)[:3]) for short in shorts}
    for word, phrase in thesaurus.shorthand_in(text).items():
        known = alternatives.get(word.lower(), ())
        alternatives[word.lower()] = known if phrase in {k.lower() for k in known} else (*known, phrase)
    alternatives |= {short.lower(): (long,) for long, short in written_out.items()}
    return Query(
        text=text,
        own_text=own,
        terms=terms,
        context_terms=tuple(w for w in content_words(" ".join(turns)) if w not in terms),
        alternatives=tuple((word, *others) for word, others in alternatives.items()),
        everyday=tuple(thesaurus.everyday_in(text)),
        abbreviations=tuple(short for short in own_shorts if short not in written_out.values()),
        codes=tuple(codes(text)),
        references=tuple(_references(english)),
        years=tuple(dict.fromkeys([*_YEAR.findall(text), *("20" + short for short in _SHORT_YEAR.findall(text))])),
        months=tuple(f"{year}-{_MONTHS.index(name[:3].lower()) + 1:02}" for name, year in _MONTH.findall(text)),
        language=language,
        elliptical=elliptical,
        respelled=respelled,
    )


def _written_out(text: str, glossary: Glossary) -> dict[str, str]:
    """Names that a text writes out, with the short form it does not give itself.

    Questions are searched in the short form: documents mostly use it, and five words of a title in a question of ten
    drown what it asks (evidence@5 of 120 cases with their abbreviations written out: 65.0, shortened 80.0).
    """
    longs = {entry.long: entry.short for entry in glossary.longs_in(text)} | thesaurus.written_out_in(text)
    words_given = {part.removesuffix("s") for word in _SHORT_FORM.findall(text) for part in word.casefold().split("/")}
    given = " | ".join(plain(long) for long, short in longs.items() if short.casefold() in words_given)
    claimed: dict[str, set[str]] = {}
    for long, short in longs.items():
        claimed.setdefault(short.casefold(), set()).add(plain(long))
    return {
        long: short
        for long, short in longs.items()
        if plain(long) not in given  # neither given nor part of a name that is
        and len(claimed[short.casefold()]) == 1
        and not thesaurus.is_also_a_word(short)
        and shortened(text, {long: short}) != text
    }


def _bare(question: str) -> str:
    """The question without markup and courtesies; if nothing else is left, as it is without markup."""
    text = " ".join(_NOISE.sub(" ", question).split())
    bare = without_courtesies(text)
    return bare if words(bare) else text


def is_elliptical(question: str) -> bool:
    """True if a question leans on what was said before: a link word first, a bare pronoun, or next to no content."""
    low = [w.lower() for w in words(question)]
    content = content_words(question)
    if _OPENERS.match(question.strip()) or len(content) <= 1:
        return True
    points_back = bool(_ANAPHORA.intersection(low)) or bool(_POINTING_BACK.search(question))
    return points_back and len(content) <= 6


def language_of(text: str) -> str:
    """ "fr" when French function words prevail, else "en"."""
    low = [w.lower() for w in re.findall(r"[^\W\d_]+", text)]
    french_words = sum(w in FRENCH_STOPWORDS - STOPWORDS and len(w) > 1 for w in low)
    english_words = sum(w in STOPWORDS - FRENCH_STOPWORDS for w in low)
    return "fr" if french_words > english_words and french_words >= max(1, len(low) // 8) else "en"


def _without_naming(text: str) -> str:
    return _tidy(_NAMING.sub(lambda found: " " if found["aside"] else " it ", text))


def _tidy(text: str) -> str:
    """A text from which words were taken out, without what that leaves around punctuation."""
    return re.sub(r" (?=[,.;:?!)])", "", " ".join(text.split())).strip(" ,;:")


def _references(text: str) -> list[Reference]:
    """Places in the order named; an annex named beside a paragraph says which numbering is meant."""
    found: list[Reference] = []
    part: str | None = None
    for match in _REFERENCE.finditer(text):
        unit = _UNITS.get(match[1][0].lower(), "paragraph") if match[1] else "paragraph"
        number = re.sub(r"\s", "", match[3])
        if unit == "annex":
            part = number.upper()
        else:
            found.append(Reference(unit, number, part))
    if bare := _BARE_SECTION.match(text):
        found.append(Reference("section", bare[1]))
    if part and not found:
        found.append(Reference("annex", part, part))
    return found
