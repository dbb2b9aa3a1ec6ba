"""Greetings, thanks and hurry around a question: they say nothing of what it is about, and blur it when encoded."""

from __future__ import annotations

import re

_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening)|bonjour|bonsoir)(?![\w-])"
    r"(?: (?:to )?(?:all|team|everyone|everybody|folks|there|colleagues|tous|toutes|à tous|à toutes|et à tous)\b)*"
    r"|(?:morning|afternoon|evening|salut|thanks)(?=[!,.])|question(?=:)"
    r"|(?:just )?(?:a )?quick (?:one|question)\b(?! (?:on|about|for|re)\b))[\s,.:;!–]{0,6}",
    re.IGNORECASE,
)
COURTESIES, LONGEST_CLOSING = 3, 80
"""How many are taken from each end, and how many characters of the end are looked at."""
_NEED_IT = r"(?:i )?need (?:it|this) [^?.]{1,40}"
_CLOSING = re.compile(
    # First what is courtesy wherever it stands last, then what might belong to the question if it does not end before.
    r"(?:\s(?<!\bhave )(?<!\bhas )(?<!\bhad )(?<!\bwithout )(?<!\bof )(?<!\bthere )(?<!\bis )any idea(?=\s*\?)"
    r"|(?:^|[\s,.;:!–-]{1,6})(?<!\bof )(?<!\bno )(?<!\bis )(?<!\ba )(?:(?:many )?thanks"
    r"(?: so much| a lot| again| in advance| all)?|thx|merci(?: beaucoup| d['’]avance)?|please|pls|plz|svp"
    r"|s['’]il vous pla[iî]t|[_*~](?:very )?urgent(?:ly)?[_*~])|(?<=[.;!?])\s{0,6}(?:thank you(?: so much)?|cheers|asap"
    rf"|urgent(?:ly)?|any ideas?|anyone|{_NEED_IT}))[\s.!]{{0,6}}\??$",
    re.IGNORECASE,
)
_WHAT_FOR = re.compile(rf"\s{_NEED_IT}?[ ,]{{1,2}}(?:thanks|thx|please|pls)[\s.!]{{0,6}}$", re.IGNORECASE)
_ASKED_NEED = re.compile(
    r"\b(?:do|does|did|will|would|should|can|could|may|might|must|who|what|which|where|why|to)\s(?:\S+\s){0,3}$",
    re.IGNORECASE,
)
"""Before "need this": the need is what is asked about ("which forms do staff need this year, please")."""


def without_courtesies(text: str) -> str:
    """The text of one line without up to COURTESIES greetings before it and closings after it."""
    for _ in range(COURTESIES):
        text = _GREETING.sub("", text)
        # Only the end is looked at: what a courtesy takes at most.
        what_for = _WHAT_FOR.search(text, max(0, len(text) - LONGEST_CLOSING))
        if what_for and not _ASKED_NEED.search(text[: what_for.start() + 1]):
            text = text[: what_for.start()]
        text = text[:-LONGEST_CLOSING] + _CLOSING.sub("", text[-LONGEST_CLOSING:])
    return text
