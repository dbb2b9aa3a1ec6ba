"""Does one sentence say no more than another? Its words must stand there, in order, with nothing between that matters.

A bag of words cannot tell "A reports to B" from "B reports to A". So every word of the claim that carries meaning is
matched to one of the source, left to right, and what the match leaves out is judged: asides, modifiers and complete
list items may go; a negation, a modal verb, a hedge, another verb or the head of a phrase may not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assistant.answerers.omissions import clause_start, cuts_head, last_preposition, may_skip
from assistant.answerers.tokens import Token
from assistant.answerers.wording import (
    ACCORDING,
    BE,
    CONDITIONS,
    DETERMINERS,
    DOCUMENT_WORDS,
    HAVE,
    OPERATORS,
    OPINIONS,
    PREPOSITIONS,
    SAID,
    SAYING,
    Source,
    same_word,
)


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
                if last < place and may_skip(claim, source, (last, place), between, token, covered):
                    reached[place] = [*paths[last], place]
                    break
        paths = reached
        if not paths:
            return None
    tail = [token.raw.lower() for token in claim[counting[-1] + 1 :]]
    for path in paths.values():
        following = [token.raw.lower() for token in source.tokens[path[-1] + 1 : path[-1] + 1 + len(tail)]]
        if following == tail and _may_close(source, path[-1]) and _names_whole(source, path):
            return path
    return None


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
    start = clause_start(source, place)
    before = [i for i in range(start, place) if not source.tokens[i].depth and i not in covered]
    if any(_is_operator(source.tokens[i]) for i in before):
        return False
    if place in source.verbs and any(source.tokens[i].counts for i in before):
        return False
    if _is_reported(source, before, place):
        return False
    opening = claim[: next((i for i, t in enumerate(claim) if t.role in ("content", "number")), len(claim)) + 1]
    if any(_is_auxiliary(t) for t in opening):
        same_start = claim[0].raw.lower() == source.tokens[start].raw.lower()
        return same_start and not any(source.tokens[i].counts for i in range(start, place))
    lead = _governing(source, start, place)
    own = last_preposition(claim[: next(i for i, t in enumerate(claim) if t.counts)])
    return lead == own or lead is None or source.tokens[place].before.endswith(",")


def _is_reported(source: Source, before: Sequence[int], place: int) -> bool:
    """True if the words before say who says or thinks what follows, and that is not a document."""
    for i in before:
        low = source.tokens[i].raw.lower()
        if low in OPINIONS:
            return True
        if source.tokens[i].key == ACCORDING:
            end = next((j for j in range(i + 1, place + 1) if "," in source.tokens[j].before), place)
            who = range(i + 1, end)
        elif low in SAID or (_says(source, i) and _opens_speech(source, i, place)):
            who = range(before[0], i)
        else:
            continue
        if not _is_document(source, who):
            return True
    return False


def _is_document(source: Source, who: Sequence[int]) -> bool:
    """True for "the 2005 study" or "this policy", not for "the governor's report" or "a rebel source"."""
    counting = [source.tokens[i] for i in who if source.tokens[i].counts]
    plain = [t for t in counting if not (t.role == "number" or t.is_name)]
    named = all(t.raw.lower() in DOCUMENT_WORDS for t in plain) and not any(t.is_possessive for t in counting)
    return named and any(t.raw.lower() in DOCUMENT_WORDS for t in counting)


def _says(source: Source, i: int) -> bool:
    token = source.tokens[i]
    return (i in source.verbs and token.key in SAYING) or token.raw.lower() in SAID


def _opens_speech(source: Source, verb: int, place: int) -> bool:
    after = source.tokens[verb + 1 : place + 1]
    return any(token.raw.lower() == "that" or any(c in token.before for c in '“":') for token in after)


def _is_said_after(source: Source, place: int) -> bool:
    """True for "..., the minister said", "..., according to the governor" after a word."""
    set_off = False
    for i in range(place + 1, len(source.tokens)):
        token = source.tokens[i]
        if any(c in token.before for c in ";.?!\n"):
            return False
        set_off = set_off or "," in token.before or "”" in token.before
        if token.depth:
            continue
        if token.key == ACCORDING:
            measure = source.tokens[i + 2].raw.lower() if i + 2 < len(source.tokens) else ""
            return measure not in _MEASURES
        if set_off and _says(source, i) and not _opens_speech(source, i, len(source.tokens)):
            return True
    return False


_MEASURES = frozenset("their its his her need needs".split())
"""After "according to": by what something is measured, not who says so."""


def _governing(source: Source, start: int, place: int) -> str | None:
    """The preposition before the noun phrase that a word stands in, if there is one."""
    i = place
    while i > start and not source.tokens[i].before.strip("-/") and source.tokens[i - 1].raw.lower() not in DETERMINERS:
        before = source.tokens[i - 1]
        joins = before.counts or before.raw.lower() in ("and", "or")
        if not joins or before.depth or i - 1 in source.verbs:
            break
        i -= 1
    return last_preposition([t for t in source.tokens[start:i] if not t.depth])


def _is_auxiliary(token: Token) -> bool:
    return token.raw.lower() in BE | HAVE or (token.role == "critical" and token.key in _MODALS)


_MODALS = frozenset("must shall should may might can could would will not".split())


def _dangles(token: Token) -> bool:
    """True for a last word that wants another: "must", "has", "of"."""
    return _is_auxiliary(token) or token.raw.lower() in PREPOSITIONS - {"on", "in"}


def _is_operator(token: Token) -> bool:
    return token.role == "critical" and (token.key in OPERATORS or token.key.endswith("-"))


def _may_close(source: Source, place: int) -> bool:
    """No condition follows in the same clause, and the last noun is whole."""
    if cuts_head(source, place, len(source.tokens)) or _is_said_after(source, place):
        return False
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
