"""Asking as the holder of a role: who "I" is in a question, and when somebody says which post they have taken up."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assistant.answers import Question
from assistant.roles.roles import Role

_OWN = re.compile(r"\b(?:my|mine|our)\b(?!\s+question)|\b(?:mon|ma|mes|mien|mienne)\b(?=\s)", re.IGNORECASE)
_SELF = re.compile(
    r"(?<!annex )(?<!chapter )(?<!part )(?<!section )(?<!phase )\b(?:I|me|myself|we|us)\b(?!['’])"
    r"|\b[Ii]['’](?:m|ve|ll|d)\b|\b(?:je|moi)\b|\bj['’](?=\w)",
    re.IGNORECASE,
)
_SHORT = {"m": " is", "v": " has", "l": " will", "d": " would"}
_TO = re.compile(r"\b(?:who|whom|what|which|where|when|how|whether)\b[^?.,;]{0,30}?\bto\s+[a-z]+", re.IGNORECASE)
_VERB = {"am": "is", "do": "does", "have": "has", "are": "is", "were": "was"}
_AGREE = re.compile(
    r"\b(am|do|have|are|were)(n['’]t|\s+not)?\s+(?=the\s@)|(?<=@)\s+(am|do|have|are|were)\b", re.IGNORECASE
)


def personalise(question: Question, role: Role) -> str:
    """The question's text for retrieval, with "I", "me" and "my" read as the role.

    Without a first person nothing changes, except that "whom to consult" is taken to be the role's. What the asker
    may read does not depend on it.
    """
    return personal_text(question.text, role)


def personal_text(text: str, role: Role) -> str:
    """As `personalise`, for any text (an earlier turn of the conversation)."""
    named = _SELF.sub(lambda m: "the @" + _contracted(m[0]), _OWN.sub("the @'s", text))
    if named == text:
        open_to_all = _TO.search(text) and not role.forms.stand_in(text)
        return f"{text.rstrip(' ?')} ({role.called})?" if open_to_all else text
    agreed = _AGREE.sub(lambda m: m[0].replace(m[1] or m[3], _VERB[(m[1] or m[3]).lower()]), named)
    return agreed.replace("@", role.called)


def _contracted(pronoun: str) -> str:
    """ "I'm" leaves " is" behind, "I" nothing."""
    _, apostrophe, tail = pronoun.lower().replace("’", "'").partition("'")
    return _SHORT.get(tail[:1], "") if apostrophe else ""


_ARRIVAL = re.compile(
    r"\b(?:(?:been|be|got|was|am|i['’]m|being|just|newly|recently|about to be)\s+(?:\w+\s+){0,2}"
    r"(?:appointed|named|nominated|selected|designated|posted|deployed|promoted|assigned)"
    r"|(?:i['’]m|i am|as|became|become)\s+(?:\w+\s+){0,3}(?:new|newly|incoming|next)\b"
    r"|(?:start|starting|started|arrive|arriving|arrived|begin|took over|take over|taking over|take up|taking up)\s+"
    r"(?:\w+\s+){0,4}?(?:as|the)\b|new\b(?:\s+\S+){0,6}\s+here\b"
    r"|(?:viens d['’][eê]tre|suis|[eé]t[eé])\s+(?:nomm|d[eé]sign)[eé]e?|prends? mes fonctions)",
    re.IGNORECASE,
)


def announces(text: str) -> bool:
    """True if somebody says they have taken up a post, or are about to."""
    return bool(_ARRIVAL.search(text))


def role_named_in(text: str, roles: Mapping[str, Role]) -> Role | None:
    """The role that somebody says they have been appointed to, or None; the longest name found decides.

    "I have just been appointed DSRSG, what should I read?" gives a channel the chance to offer the briefing.
    """
    if not announces(text):
        return None
    found = {id_: _named_length(role, text) for id_, role in roles.items()}
    best = max(found, key=lambda id_: found[id_], default=None)
    return roles[best] if best is not None and found[best] else None


def _named_length(role: Role, text: str) -> float:
    """Length of the longest name in the text; a hat's name counts a little less than the role's own."""
    return max(role.own_forms.longest_in(text), role.forms.longest_in(text) - 0.5)
