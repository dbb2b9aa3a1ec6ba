"""The same cases as people really type them: what a mistyped, shouted or padded question costs, case by case."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from evals.cases import Case, Suite
from evals.metrics import Difference, paired
from evals.run import Run

METRICS = ("nugget_recall", "evidence@5", "false_abstention", "correct_refusal")

ACRONYMS = {
    "AU": "African Union",
    "CIMIC": "civil-military coordination",
    "CPAS": "Comprehensive Planning and Performance Assessment System",
    "DDR": "disarmament, demobilization and reintegration",
    "DPO": "Department of Peace Operations",
    "DPPA": "Department of Political and Peacebuilding Affairs",
    "DSRSG": "Deputy Special Representative of the Secretary-General",
    "FC": "Force Commander",
    "HC": "Humanitarian Coordinator",
    "HCT": "humanitarian country team",
    "HoM": "Head of Mission",
    "IDPs": "internally displaced persons",
    "IMPP": "integrated mission planning process",
    "JMAC": "Joint Mission Analysis Centre",
    "JOC": "Joint Operations Centre",
    "NGOs": "non-governmental organizations",
    "OCHA": "Office for the Coordination of Humanitarian Affairs",
    "PBF": "Peacebuilding Fund",
    "POC": "protection of civilians",
    "RC": "Resident Coordinator",
    "ROE": "rules of engagement",
    "SEA": "sexual exploitation and abuse",
    "SG": "Secretary-General",
    "SOFA": "status-of-forces agreement",
    "SOP": "standard operating procedure",
    "SRSG": "Special Representative of the Secretary-General",
    "SSR": "security sector reform",
    "TCCs": "troop-contributing countries",
    "UNCT": "United Nations country team",
    "UXO": "unexploded ordnance",
}
"""Short and long form of what staff write both ways. The product's own glossary is not used to test the product."""

_FUNCTION_WORDS = frozenset(
    """
    a an and any are as at be been before being both but by can could did do does for from had has have her
    his how i if in into is it its may me must my of on or our shall should so than that the their them then
    there these they this to up us was we were what when where which who whom whose why will with would you
    your
    """.split()
)


def misspelt(question: str, draw: random.Random) -> str:
    """One or two slips of the finger in words of five letters or more."""
    words = question.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    for i in draw.sample(long, min(len(long), 1 + draw.randrange(2))):
        words[i] = _slip(words[i], draw)
    return " ".join(words)


def _slip(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    kind = draw.choice(("drop", "double", "swap"))
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[: at + 1] + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def acronyms_swapped(question: str, draw: random.Random) -> str:
    """Every known acronym written out, and every known long form shortened.

    Up to three letters count in capitals only: "au" is French, and a sea no offence.
    """
    forms = {short.lower(): long for short, long in ACRONYMS.items()}
    forms |= {long.lower(): short for short, long in ACRONYMS.items()}
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.IGNORECASE)

    def swapped(found: re.Match[str]) -> str:
        return found[0] if len(found[0]) <= 3 and not found[0].isupper() else forms[found[0].lower()]

    return pattern.sub(swapped, question)


def shouted(question: str, draw: random.Random) -> str:
    """All capitals, no punctuation at the end."""
    return question.upper().rstrip("?!. ")


def keywords(question: str, draw: random.Random) -> str:
    """As typed into a search box: function words and punctuation left out."""
    words = re.findall(r"[\w/().'’-]*\w", question)
    return " ".join(word for word in words if word.lower() not in _FUNCTION_WORDS) or question


def slack(question: str, draw: random.Random) -> str:
    """A mention, a greeting, emoji, and mark-up around the question."""
    greeting = draw.choice(("hi team :wave:", "hello, quick one", "Morning! :coffee:", "hey"))
    ending = draw.choice(
        ("thx :pray:", "need it for a cable, thanks!!", "any idea? :eyes:", "_urgent_ :rotating_light:")
    )
    return f"<@U04F0CALPT> {greeting} {question} {ending}"


VARIANTS: Mapping[str, Callable[[str, random.Random], str]] = {
    "misspelt": misspelt,
    "acronyms swapped": acronyms_swapped,
    "all capitals": shouted,
    "keywords only": keywords,
    "Slack noise": slack,
}
"""A new way to mistreat a question is one function and one line."""


def vary(suite: Suite, variant: str) -> Suite:
    """The cases of a suite that the variant changes, the same for every run. Ids stay, so that results can be paired.

    A case whose facts would come to stand in its own question is left out.
    """
    cases = []
    for case in suite.cases:
        question = VARIANTS[variant](case.question, random.Random(f"{variant}/{case.id}"))
        if question != case.question:
            try:
                cases.append(Case.model_validate({**case.model_dump(), "question": question}))
            except ValidationError:
                continue
    return replace(suite, cases=tuple(cases))


@dataclass(frozen=True)
class Drop:
    """What one variant did to one metric."""

    variant: str
    metric: str
    difference: Difference


def drops(clean: Run, varied: Mapping[str, Run]) -> list[Drop]:
    """The paired difference of each metric for each variant, over the cases that the variant changed."""
    scores = {result.id: result.scores for result in clean.results}
    found = []
    for variant, run in varied.items():
        for metric in METRICS:
            pairs = [
                (scores[r.id][metric], r.scores[metric])
                for r in run.results
                if metric in r.scores and metric in scores.get(r.id, {})
            ]
            if pairs:
                difference = paired([a for a, _ in pairs], [b for _, b in pairs])
                found.append(Drop(variant, metric, difference))
    return found
