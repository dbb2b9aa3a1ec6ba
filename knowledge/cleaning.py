"""Turns the characters, line ends and runs of text that extraction gives back into clean words and whole sentences."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_KEPT_CONTROLS = "\t\n\f"


def _character_table() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
    table |= {ord(kept): kept for kept in _KEPT_CONTROLS}
    table |= {ord(mark): text for mark, text in _LIGATURES.items()}
    table |= {ord(space): " " for space in _SPACES}
    table |= {ord(line_break): "\n" for line_break in "\v\x1c\x1d\x1e\x85\u2028\u2029"}
    # Invisible marks: joiners, direction controls, variation selectors, and the "tag" letters that can hide a message.
    invisible = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x00AD, 0x061C, 0x180E, 0xFEFF)
    table |= dict.fromkeys((*invisible, *range(0xFE00, 0xFE10), *range(0xFFF9, 0xFFFD), *range(0xE0000, 0xE0200)))
    table |= dict.fromkeys(range(0xD800, 0xE000))  # halves of surrogate pairs cannot be stored as UTF-8
    table |= dict.fromkeys((0xFFFE, 0xFFFF))
    table |= {0x2010: "-", 0x2011: "-"}  # HYPHEN and NON-BREAKING HYPHEN look the same as "-"
    return table


_CHARACTERS = _character_table()
# Symbol fonts keep their bullets in the private use area, where all other characters mean nothing to a reader.
_PRIVATE_BULLET = re.compile(r"(?m)^([ \t]*)[\ue000-\uf8ff\ufffd]\s+(?=\S)")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_LINE_END_SOFT_HYPHEN = re.compile("[\u00ad\u0002\ufffe](?=[ \\t]*(?:\\r?\\n|$))")


def normalise_characters(text: str) -> str:
    r"""Return `text` in NFC with only characters a reader can see, plus space, tab, newline and form feed.

    Ligatures become letters, every kind of space a plain one; soft hyphens vanish, except at a line's end, where they
    become "-" for `join_lines` to judge. Quotes and dashes stay as printed: a quotation must look like its source.
    """
    text = _LINE_END_SOFT_HYPHEN.sub("-", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _PRIVATE.sub("", _PRIVATE_BULLET.sub(r"\1• ", text))
    return unicodedata.normalize("NFC", text.translate(_CHARACTERS))


_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_BROKEN_AT_LINE_END = re.compile(r"(?<![\w’'-])([^\W_][\w’'-]*)-[ \t]*\n\s*([\w’'-]+)")
WRITTEN, TYPESET = "-", "\u00ad"
"""Keys of a vocabulary that count the line-end hyphens which its own words show to be the author's or the printer's."""


def vocabulary(text: str) -> Counter[str]:
    """Count the words of `text`, lower-cased; words cut at a line's end are left out, as they are what is in doubt.

    A compound counts as itself, as its parts, and as the evidence "post-" and "-conflict".
    `TYPESET` and `WRITTEN` count what the line-end hyphens of `text` turned out to be where its words decide.
    """
    counts = Counter(word.lower() for word in _WORD.findall(_BROKEN_AT_LINE_END.sub(" ", text)))
    for word, count in list(counts.items()):
        if "-" in word:
            parts = word.split("-")
            for part in parts:
                counts[part] += count
            counts[parts[0] + "-"] += count
            counts["-" + parts[-1]] += count
    for left, right in _BROKEN_AT_LINE_END.findall(text):
        first, last = left.lower(), right.lower()
        if (joined := counts.get(first + last, 0)) != (compound := counts.get(f"{first}-{last}", 0)):
            counts[TYPESET if joined > compound else WRITTEN] += 1
    return counts


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# First and last parts that usually keep their hyphen in English official prose, where the document does not say.
_COMPOUND_FIRST = _words(
    "post pre non self ex anti pro vice all well long short medium high low mid cross half quasi semi one two three "
    "four five six ten decision policy so follow lead gender conflict rule rights community full part ad civil "
    "civilian politico socio country people north south east west deputy peace nation fact start wind hand results "
    "mission whole mandate time life large small early multi inter"
)
_COMPOUND_LAST = _words(
    "based related making building keeping term wide level oriented driven led specific free sensitive known sharing "
    "aid time scale depth effective affected range solving setting established ended up off on in out general "
    "conflict military political economic governmental agency sectoral disciplinary dimensional functional lateral "
    "national regional ethnic communal mandated torn held owned"
)
_USUALLY_JOINED_FIRST = _words(
    "over under out up with frame back work land safe high inter multi micro macro sub trans re un dis mis pre "
    "counter super tele auto infra intra extra mean where there here some any every them him her your our house"
)
_SUFFIXES = _words(
    "able ably ible ibly ing ings tion tions sion sions ment ments ness ed er ers ly ity ities ive ives ance ence ant "
    "ent al ally ate ates ated ating ize izes ized ise ises ised ful less ship ships hood ward wards port form late "
    "mine rate ties ture tures tive tively tory tor tors cal cally ary ory ous ish ism ist ists ies age ages ration "
    "sure sures date dates tain tains tained stand standing come comes coming ever out cy cies"
)
_SUSPENDED = _words("and or to nor et ou und oder y")


def keeps_hyphen(left: str, right: str, known_words: Mapping[str, int]) -> bool:
    """Say whether the hyphen between `left`, at a line's end, and `right`, at the next line's start, was written.

    The document's own spellings decide; failing these, whether its halves make compounds elsewhere in it; failing
    these, lists of the first and last parts of common compounds. In a text without hyphenation all were written.
    """
    if not left or not right or not left[-1].isalpha() or not right[0].isalpha():
        return True
    if right[0].isupper() and not (left.isupper() and right.isupper()):
        return True
    first, last = left.lower(), right.lower()
    joined, compound = known_words.get(first + last, 0), known_words.get(f"{first}-{last}", 0)
    if joined != compound:
        return compound > joined
    head, tail = first.rsplit("-", 1)[-1], last.split("-", 1)[0]
    if head != first or tail != last:
        joined, compound = known_words.get(head + tail, 0), known_words.get(f"{head}-{tail}", 0)
        if joined != compound:
            return compound > joined
    if known_words.get(WRITTEN, 0) > known_words.get(TYPESET, 0):
        return True
    if not known_words.get(head) or not known_words.get(tail):
        return head in _COMPOUND_FIRST and len(tail) > 3 and bool(known_words.get(tail))
    if tail in _SUFFIXES and head not in _COMPOUND_FIRST:
        return False
    if head in _COMPOUND_FIRST or tail in _COMPOUND_LAST:
        return True
    if head in _USUALLY_JOINED_FIRST:
        return False
    # Halves that both stand alone in the document: short ones meet by chance, long ones hardly ever.
    return bool(known_words.get(head + "-") or known_words.get("-" + tail)) or (len(head) > 3 and len(tail) > 3)


_LAST_PIECE = re.compile(r"[\w’'-]*$")
_FIRST_PIECE = re.compile(r"[\w’'-]*")
_NO_SPACE_AFTER = re.compile(r"(?:[^\s—]—|\w/|\d–|://\S*[/?&=_]|www\.\S*[/.])$")


def join_lines(lines: Sequence[str], known_words: Mapping[str, int]) -> str:
    """Join the lines of one paragraph with single spaces; a line-end hyphen goes only where it was the typesetter's."""
    text = ""
    for line in lines:
        line = " ".join(line.split())
        if line:
            text = _join_two(text, line, known_words) if text else line
    return text


def _join_two(text: str, line: str, known_words: Mapping[str, int]) -> str:
    if text.endswith("-") and not text.endswith(("--", " -")):
        left = _last_match(_LAST_PIECE, text[:-1])
        right_match = _FIRST_PIECE.match(line)
        right = right_match.group().rstrip("-’'") if right_match else ""
        if right.lower() in _SUSPENDED:
            return f"{text} {line}"
        if not right or not left:
            return f"{text}{line}" if line[:1].isdigit() or "://" in text[-80:] else f"{text} {line}"
        return text + line if keeps_hyphen(left, right, known_words) else text[:-1] + line
    if _NO_SPACE_AFTER.search(text[-200:]) or (line.startswith("—") and not line.startswith("— ")):
        return text + line
    return f"{text} {line}"


def _last_match(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text[-80:])
    return found.group() if found else ""


_TWO_PIECES = re.compile(r"(?<![\w’'-])([^\W\d_]{2,}) (?=([^\W\d_]{2,})(?![\w’'-]))")
_COMMON_WORDS = _words(
    "a an and are as at be been but by can could did do for from had has have he her his how if in into is it its may "
    "more most must no not of on one only or other our out over own per set she should so some such than that the "
    "their them then there these they this to two under up upon was we were what when where which while who will with "
    "would you your all any both each also about after before being between during through against among"
)


def mend_split_words(text: str, known_words: Mapping[str, int]) -> str:
    """Close the gap in words that extraction split ("vio lation"), on the document's own evidence.

    Both halves must be strangers to the document (seen no more often than such an accident would show them, and no
    common word) and the joined form must be a word of it.
    """

    def mended(match: re.Match[str]) -> str:
        left, right = match.group(1), match.group(2)
        return left if _is_split(left.lower(), right, known_words) else match.group()

    return _TWO_PIECES.sub(mended, text)


def _is_split(left: str, right: str, known_words: Mapping[str, int]) -> bool:
    if right[:1].isupper() or left in _COMMON_WORDS or right in _COMMON_WORDS:
        return False
    together = known_words.get(left + right, 0)
    return together > 0 and max(known_words.get(left, 0), known_words.get(right, 0)) <= min(2, together)


# A possible end of sentence: the stop, its closing quotes and brackets, perhaps a note mark, then space or the end.
_STOP = re.compile(
    r"(?<![.!?؟])(?P<dots>\.{2,}+|…|[.!?؟]++)(?P<close>[\"'”’»)\]]*)(?P<mark>(?<!\d\.)(?<!\d\.[”’\")])\d{1,3})?[)\]”’\"]*(?=\s)\s+"
    r"|[。！？]+[”’」』）]*|(?<!\s)\s*\n\s*"
)
_BEFORE_STOP = re.compile(r"[^\s(\[“\"‘]*$")
_AFTER_STOP = re.compile(r"[\"'“‘«(\[¿¡•–—-]*\s?")
_NEXT_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")

_NEVER_ENDS = _words(
    "mr mrs ms mx dr prof gen col maj capt cdr cmdr adm lt brig sgt hon amb messrs mme mlle rev st vs cf e.g i.e eg "
    "ie viz approx ca h.e incl esp resp mgr dept"
)
_BEFORE_NUMBER = _words(
    "no nos para paras art arts sec secs sect sects ch chap chaps p pp vol vols fig figs rev corr add res ed eds op "
    "ref tel ext app annex pt ser sess mtg jan feb mar apr jun jul aug sep sept oct nov dec n nn supp suppl par cl al "
    "bd nr ibid b c d"
)
_MAY_END = _words("etc inc ltd co corp bros jr sr a.m p.m ph.d al u.n u.s u.k e.u n.y d.c ibid")
_STARTERS = _words(
    "the this that these those it its in on at as a an and but or for from to by with while when where what which who "
    "how why if he she they we i you there here his her their our my no not all any each both many most some such "
    "several other another however therefore moreover furthermore nevertheless nonetheless thus hence also although "
    "though because since after before during despite instead indeed finally first second third similarly "
    "consequently additionally yet then under over within without between among given see follows one two three les "
    "le la il elle ce cette ces un une dans pour par"
)
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]$")
_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[ivxlc]{1,6}|[IVXLC]{1,6}|[A-Za-z])$")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) character offsets of the sentences of `text`, in order, without surrounding space.

    A newline always ends a sentence; a semicolon, a colon, an abbreviation, an initial, a decimal point, an enumerator
    ("3. ") or a full stop before a small letter never does. A note mark after the stop stays with its sentence.
    """
    sentences: list[tuple[int, int]] = []
    start = 0
    for end, following in _breaks(text):
        if _only_enumerator(text, start, end):
            continue
        sentences.append((start, end))
        start = following
    return [trimmed for span in (*sentences, (start, len(text))) if (trimmed := _trim(text, *span))]


def _breaks(text: str) -> Iterator[tuple[int, int]]:
    for match in _STOP.finditer(text):
        stop = match.group("dots")
        if stop is None or "\n" in match.group():
            yield match.start() if stop is None and "\n" in match.group() else match.end(), match.end()
        elif _ends_sentence(text, match, stop):
            yield match.end(), match.end()


def _only_enumerator(text: str, start: int, end: int) -> bool:
    """Whether what would be a sentence is only its enumerator ("3.", "VI.", "(a).")."""
    piece = text[start:end].strip()
    short = len(piece) < 9 and piece.endswith(".") and "\n" not in text[start:end]
    return short and bool(_ENUMERATOR.match(piece[:-1]))


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _ends_sentence(text: str, match: re.Match[str], stop: str) -> bool:
    opening = _AFTER_STOP.match(text, match.end())
    begins = opening.end() if opening else match.end()
    if begins >= len(text):
        return True
    following = text[begins]
    if following.islower() or following in ",;:)]%":
        return False
    word_match = _NEXT_WORD.match(text, begins)
    next_word = word_match.group().lower() if word_match else ""
    if stop == "…" or (len(stop) in (2, 3) and stop[0] == "."):
        return next_word in _STARTERS
    if stop != "." or match.group("close") or match.group("mark"):
        return True
    before = _BEFORE_STOP.search(text, max(0, match.start() - 40), match.start())
    return _full_stop_ends(before.group() if before else "", following, next_word)


def _full_stop_ends(before: str, following: str, next_word: str) -> bool:
    word = before.lower()
    if word in _NEVER_ENDS:
        return False
    if word in _BEFORE_NUMBER and before not in ("No", "Add", "B", "C", "D"):
        return not (following.isdigit() or following in "([" or (len(next_word) < 4 and set(next_word) <= set("ivxlc")))
    if word in ("no", "add", "nos"):
        return not following.isdigit()
    if word in _MAY_END or _DOTTED.match(before) or (len(before) == 1 and before.isupper()):
        return next_word in _STARTERS
    return True
