"""Does one sentence say no more than another? Its words must stand there, in order, with nothing between that matters.

A bag of words cannot tell "A reports to B" from "B reports to A". So every word of the claim that carries meaning is
matched to one of the source, left to right, and what the match leaves out is judged: asides, modifiers and complete
list items may go; a negation, a modal verb, a hedge, another verb or the head of a phrase may not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from assistant.answerers.tokens import Token
from assistant.answerers.wording import (
    BE,
    CONDITIONS,
    DROPPABLE,
    HAVE,
    OPERATORS,
    PAST,
    PREPOSITIONS,
    PRESENT,
    REACHING,
    is_verb,
    same_word,
)

_ASIDE = (",", "–", "—")
MAX_SKIPPED = 8
"""Content words that may be left out between two matched ones."""
MAX_SKIPPED_IN_LIST = 4
"""The same where an "and", "or" or comma stands among them."""


@dataclass(frozen=True)
class Source:
    """A stretch of source text to hold claims against."""

    tokens: Sequence[Token]
    verbs: frozenset[int] = field(default=frozenset())
    """Positions of likely verbs."""

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> Source:
        """With its verbs found."""
        return cls(tokens, frozenset(i for i in range(len(tokens)) if is_verb(list(tokens), i)))


def align(claim: Sequence[Token], source: Source, covered: Collection[int] = ()) -> list[int] | None:
    """Positions in the source of the claim's counting words, or None if they do not stand there in a way that holds.

    `covered` are positions already accounted for, such as those of an opening phrase that was matched by itself.
    """
    counting = [i for i, token in enumerate(claim) if token.counts]
    if not counting or _dangles(claim[-1]):
        return None
    paths: dict[int, list[int]] = {}
    for step, position in enumerate(counting):
        token = claim[position]
        between = claim[(counting[step - 1] + 1 if step else 0) : position]
        reached: dict[int, list[int]] = {}
        for place, candidate in enumerate(source.tokens):
            if place in covered or not same_word(token, candidate) or not _fits(token, candidate):
                continue
            if step == 0:
                if _may_open(claim, source, place, covered):
                    reached[place] = [place]
                continue
            for last in sorted(paths, reverse=True):
                if last < place and _may_skip(claim, source, (last, place), between, token, covered):
                    reached[place] = [*paths[last], place]
                    break
        paths = reached
        if not paths:
            return None
    ends = [p for p in paths.values() if _may_close(source, p[-1]) and _names_whole(source, p)]
    return ends[0] if ends else None


def _fits(token: Token, candidate: Token) -> bool:
    """The same inflection where it changes the meaning: tense, possession, brackets."""
    if candidate.depth and not token.depth:
        return False
    if candidate.is_possessive and not token.is_possessive:
        return False
    low, other = token.raw.lower(), candidate.raw.lower()
    if other.endswith("ed") and len(other) > 4 and not other.endswith("eed") and token.role == "content":
        return low.endswith(("ed", "ing", "ion", "ions", "ment", "ance", "al")) or low == other
    if low.endswith("ed") and len(low) > 4 and token.role == "content":
        return other.endswith(("ed", "ing"))
    return True


def _may_open(claim: Sequence[Token], source: Source, place: int, covered: Collection[int]) -> bool:
    """Nothing before the match reaches into it: no operator, and no preposition that makes it a mere attribute."""
    start = _clause_start(source, place)
    before = [i for i in range(start, place) if not source.tokens[i].depth and i not in covered]
    if any(_is_operator(source.tokens[i]) for i in before):
        return False
    if place in source.verbs and any(source.tokens[i].counts for i in before):
        return False
    opening = claim[: next((i for i, t in enumerate(claim) if t.role in ("content", "number")), len(claim)) + 1]
    if any(_is_auxiliary(t) for t in opening):
        same_start = claim[0].raw.lower() == source.tokens[start].raw.lower()
        return same_start and not any(source.tokens[i].counts for i in range(start, place))
    lead = _last_preposition([source.tokens[i] for i in range(start, place) if not source.tokens[i].depth])
    own = _last_preposition(claim[: next(i for i, t in enumerate(claim) if t.counts)])
    return lead == own or lead is None or source.tokens[place].before.endswith(",")


def _is_auxiliary(token: Token) -> bool:
    return token.raw.lower() in BE | HAVE or (token.role == "critical" and token.key in _MODALS)


_MODALS = frozenset("must shall should may might can could would will not".split())


def _dangles(token: Token) -> bool:
    """True for a last word that wants another: "must", "has", "of"."""
    return _is_auxiliary(token) or token.raw.lower() in PREPOSITIONS - {"on", "in"}


def _clause_start(source: Source, place: int) -> int:
    for i in range(place, 0, -1):
        if any(c in source.tokens[i].before for c in ";:.?!\n"):
            return i if ":" not in source.tokens[i].before and "\n" not in source.tokens[i].before else 0
    return 0


def _is_operator(token: Token) -> bool:
    return token.role == "critical" and (token.key in OPERATORS or token.key.endswith("-"))


def _last_preposition(tokens: Sequence[Token]) -> str | None:
    """The preposition that ends a stretch of words, articles aside."""
    for token in reversed(tokens):
        low = token.raw.lower()
        if low in PREPOSITIONS:
            return low
        if token.role != "light" or low in ("and", "or", "but", "that", "which", "who"):
            return None
    return None


def _may_skip(
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
    lead, own = _last_preposition(tokens), _last_preposition(between)
    if not counting:
        return lead is None or own is None or lead == own
    critical = {source.tokens[i].key for i in counting if source.tokens[i].role == "critical"}
    if source.tokens[last + 1].before.startswith(_ASIDE) and source.tokens[place].before.endswith(_ASIDE):
        return not critical & REACHING
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


def _enters_new_clause(source: Source, last: int, place: int, own: Collection[str]) -> bool:
    """From "A does X and B does Y" to "A does B": an "and" is passed, with a verb before it and another after.

    `own` are the claim's words: it may keep the second verb.
    """
    if not any(source.tokens[i].raw.lower() in ("and", "but", "or") for i in range(last + 1, place)):
        return False
    start = _clause_start(source, place)
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


def _may_close(source: Source, place: int) -> bool:
    """No condition follows in the same clause."""
    for token in source.tokens[place + 1 :]:
        if any(c in token.before for c in ";.?!\n"):
            break
        if token.role != "critical" or token.depth or token.key not in CONDITIONS:
            continue
        # "in May 2003, when ..." tells more of the date; "may ask when ..." sets a condition.
        if token.key != "when" or "," not in token.before:
            return False
    return True


def _names_whole(source: Source, path: Sequence[int]) -> bool:
    """A name is not cut out of a longer one: "Special Representative" is not "Deputy Special Representative"."""
    for place in path:
        token = source.tokens[place]
        if not token.is_name or token.role == "critical":
            continue
        before, after = place - 1, place + 1
        if before >= 0 and before not in path and _same_name(source, before, place):
            return False
        if after < len(source.tokens) and after not in path and _same_name(source, place, after):
            return False
    return True


def _same_name(source: Source, first: int, second: int) -> bool:
    a, b = source.tokens[first], source.tokens[second]
    if b.before.strip("-/") or a.depth != b.depth:
        return False
    if first == 0 and a.role != "content":
        return False
    return a.is_name and b.is_name and a.role in ("content", "number") and b.role == "content"
