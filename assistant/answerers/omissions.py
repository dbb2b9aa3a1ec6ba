"""What a claim may leave out between two words of a source: asides, modifiers, list items; nothing that matters."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assistant.answerers.tokens import Token
from assistant.answerers.wording import ACCORDING, BE, DROPPABLE, HAVE, PAST, PREPOSITIONS, PRESENT, REACHING, Source

_ASIDE = (",", "–", "—")
MAX_SKIPPED = 8
"""Content words that may be left out between two matched ones."""
MAX_SKIPPED_IN_LIST = 4
"""The same where an "and", "or" or comma stands among them."""


def may_skip(
    claim: Sequence[Token],
    source: Source,
    span: tuple[int, int],
    between: Sequence[Token],
    token: Token,
    covered: Collection[int],
) -> bool:
    """Whether the source words between two matched ones may be left out."""
    last, place = span
    skipped = [i for i in range(last + 1, place) if i not in covered]
    outside = [i for i in skipped if not source.tokens[i].depth or source.tokens[place].depth]
    tokens = [source.tokens[i] for i in outside]
    counting = [i for i in outside if source.tokens[i].counts]
    if not _small_words_agree(between, tokens, token, bool(counting)):
        return False
    if any(";" in source.tokens[i].before or "." in source.tokens[i].before for i in range(last + 1, place + 1)):
        return False
    if any(c in source.tokens[i].before for i in range(last + 1, place + 1) for c in "\n:"):
        return _skips_whole_items(source, last, place, counting)
    lead, own = last_preposition(tokens), last_preposition(between)
    if not counting:
        return lead is None or own is None or lead == own
    if any(source.tokens[i].key == ACCORDING for i in counting):
        return False
    critical = {source.tokens[i].key for i in counting if source.tokens[i].role == "critical"}
    if source.tokens[last + 1].before.startswith(_ASIDE) and source.tokens[place].before.endswith(_ASIDE):
        opening = source.tokens[last + 1].raw.lower()
        return not critical & REACHING and opening not in ("and", "but", "or", "nor", "so", "yet")
    if cuts_head(source, last, place):
        return False
    if critical - DROPPABLE or any(source.tokens[i].role == "number" for i in counting):
        return False
    if _skips_first_verb(source, last, place):
        return True
    own_words = {t.raw.lower() for t in between}
    if any(i in source.verbs and source.tokens[i].raw.lower() not in own_words for i in outside):
        return False
    if _enters_new_clause(source, last, place, {t.raw.lower() for t in claim}):
        return False
    if lead != own and not (lead is None or (own is None and _is_listing(tokens))):
        return False
    return len(counting) <= (MAX_SKIPPED_IN_LIST if _is_listing(tokens) else MAX_SKIPPED)


def _skips_first_verb(source: Source, last: int, place: int) -> bool:
    """From "A does X and does Y" to "A does Y": the gap opens with the first verb and ends before the second."""
    first = last + 1
    while first < place and source.tokens[first].raw.lower() in ("also", "then"):
        first += 1
    end = place
    while end > first and source.tokens[end - 1].raw.lower() in BE | HAVE | {"also", "then"}:
        end -= 1
    joined = source.tokens[end - 1].raw.lower() in ("and", "or", "but") and "," not in source.tokens[end - 1].before
    return joined and first in source.verbs and (place in source.verbs or end < place)


def cuts_head(source: Source, last: int, place: int) -> bool:
    """From "UN capabilities must" to "UN must": the word that the matched one only describes is left out."""
    word = source.tokens[last]
    if last in source.verbs or word.role != "content" or word.raw.lower().endswith(("ed", "ing")):
        return False
    end = last + 1
    while end < place and _joins(source, end):
        end += 1
    return end > last + 1 and not (end == place < len(source.tokens) and _joins(source, place))


def _joins(source: Source, i: int) -> bool:
    """True for a noun or adjective right after another, with nothing between."""
    token = source.tokens[i]
    plain = token.role == "content" and not token.before.strip("-/") and not token.depth
    if token.raw.lower() in ("therefore", "thus", "hence", "however"):
        return False
    return plain and i not in source.verbs and not token.raw.lower().endswith(("ly", "ed", "ing"))


def _enters_new_clause(source: Source, last: int, place: int, own: Collection[str]) -> bool:
    """From "A does X and B does Y" to "A does B": an "and" is passed, with a verb before it and another after.

    `own` are the claim's words: it may keep the second verb.
    """
    if not any(source.tokens[i].raw.lower() in ("and", "but", "or") for i in range(last + 1, place)):
        return False
    start = clause_start(source, place)
    if not any(start <= verb <= last for verb in source.verbs):
        return False
    for i in range(place, len(source.tokens)):
        token = source.tokens[i]
        if token.raw.lower() in ("that", "which", "who", "whose") or (
            i > place and any(c in token.before for c in ";.:\n")
        ):
            return False
        if i in source.verbs and not token.depth:
            return token.raw.lower() not in own
    return False


def _is_listing(tokens: Sequence[Token]) -> bool:
    return any("," in t.before or t.raw.lower() in ("and", "or") for t in tokens)


def _skips_whole_items(source: Source, last: int, place: int, counting: Sequence[int]) -> bool:
    """In a list: from the lead-in or the end of an item to the start of a later one."""
    items = [i for i in range(last + 1, place + 1) if "\n" in source.tokens[i].before]
    if not items:
        return not counting
    return not any(i < items[0] or i >= items[-1] for i in counting)


def _small_words_agree(between: Sequence[Token], tokens: Sequence[Token], token: Token, content: bool) -> bool:
    """Little words that turn a relation: or/and, by, the verbs to be and to have, past and present."""
    own, other = {t.raw.lower() for t in between}, {t.raw.lower() for t in tokens}
    if ("by" in own and "by" not in other) or ("by" in other and "by" not in own and not content):
        return False
    if ("or" in own and "or" not in other) or ("or" in other and "and" in own and "or" not in own):
        return False
    if (own & BE and not other & BE) or (own & HAVE and not other & HAVE):
        return False
    if other & BE and not own & BE and not content and not token.raw.lower().endswith(("ed", "ing")):
        return False
    past, present = own & PAST, own & PRESENT
    return not ((past and other & PRESENT and not other & PAST) or (present and other & PAST and not other & PRESENT))


def last_preposition(tokens: Sequence[Token]) -> str | None:
    """The preposition that ends a stretch of words, articles aside."""
    for token in reversed(tokens):
        low = token.raw.lower()
        if low in PREPOSITIONS:
            return low
        if token.role != "light" or low in ("and", "or", "but", "that", "which", "who"):
            return None
    return None


def clause_start(source: Source, place: int) -> int:
    """Where the clause of a word begins; a list item belongs to its lead-in."""
    for i in range(place, 0, -1):
        if any(c in source.tokens[i].before for c in ";:.?!\n"):
            return i if ":" not in source.tokens[i].before and "\n" not in source.tokens[i].before else 0
    return 0
