"""What a question asks for, as far as its wording shows."""

from __future__ import annotations

import re
from enum import StrEnum

from knowledge.queries import Query


class QuestionKind(StrEnum):
    """The kinds that change how an answer is put together."""

    PLACE = "place"
    DEFINITION = "definition"
    LIST = "list"
    NUMBER = "number"
    DATE = "date"
    WHO = "who"
    COMPARISON = "comparison"
    OTHER = "other"


_PATTERNS = {
    QuestionKind.COMPARISON: r"\b(?:compare[ds]?|comparison|differen(?:ce|t|ces)|differ|versus|vs|whereas|"
    r"changed? (?:between|since|from))\b",
    QuestionKind.DEFINITION: r"\bstands? for\b|\bdefin(?:e|ed|ition)\b|\bmean(?:s|t|ing)?\b"
    r"|\b(?:acronym|abbreviation|short for|full name|spelled out|spell out)\b"
    r"|^what(?:'s| is| are) (?:a |an |the )?[\w/&-]+(?: [\w/&-]+)?\s*\??$",
    QuestionKind.NUMBER: r"\bhow (?:many|much|long|large|big|often|far)\b"
    r"|\b(?:number|percentage|percent|share|amount|total|rate|figure|budget|cost)s?\b",
    QuestionKind.DATE: r"\bwhen\b|\b(?:what|which) (?:date|year|month|day)\b|\b(?:since|until) when\b|\bdeadline\b",
    QuestionKind.LIST: r"\b(?:list|name|enumerate)\b|\b(?:what|which) (?:are|were) (?:the )?\w+"
    r"|\b(?:what|which)(?: \w+){0,3} (?:steps|elements|conditions|criteria|principles|recommendations|factors|reasons|"
    r"tasks|functions|responsibilities|measures|challenges|components|types|actors|benefits|risks|dilemmas|priorities|"
    r"objectives|lessons|problems|options)\b",
    QuestionKind.WHO: r"\bwho(?:m|se)?\b|\breports? to\b"
    r"|\bwhich (?:person|official|body|organ|office|department|unit)\b",
}


def kind_of(query: Query) -> QuestionKind:
    """The first kind whose wording the question has; a question that names a place asks for that place."""
    if query.references:
        return QuestionKind.PLACE
    if len(query.terms) == 1 and len(query.abbreviations) == 1:
        return QuestionKind.DEFINITION
    text = query.text.lower().strip()
    return next((kind for kind, pattern in _PATTERNS.items() if re.search(pattern, text)), QuestionKind.OTHER)


_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|hundred|thousand|million|billion|half|"
    r"third|quarter)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:19|20)\d{2}\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_NAME = re.compile(r"\b[A-Z]{2,}\b|(?<=[a-z,] )[A-Z][a-z]+")
_DEFINING = re.compile(
    r"\b(?:is|are|means|refers? to|defined as|understood as|denotes|stands for)\b|\([A-Z][A-Za-z]{1,9}\)"
)


_WANTED = {
    QuestionKind.NUMBER: _NUMBER,
    QuestionKind.DATE: _DATE,
    QuestionKind.WHO: _NAME,
    QuestionKind.DEFINITION: _DEFINING,
}


def wants(kind: QuestionKind, text: str) -> float:
    """1 if a sentence holds the sort of thing the question asks for, else 0."""
    pattern = _WANTED.get(kind)
    return 1.0 if pattern is not None and pattern.search(text) else 0.0
