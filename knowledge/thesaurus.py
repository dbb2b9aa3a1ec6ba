"""Shorthand and everyday words of mission staff, with the words that reports and guidance use for the same thing.

General peacekeeping and humanitarian vocabulary, ours; it only widens the keyword search. What an abbreviation means in
a document is the glossary's business, taken from the documents themselves.
"""

from __future__ import annotations

import re

SHORTHAND = {
    "ASG": "assistant secretary-general", "AU": "african union", "CAAC": "children and armed conflict",
    "CAO": "chief administrative officer", "COS": "chief of staff", "CRSV": "conflict-related sexual violence",
    "CAR": "central african republic", "DRC": "democratic republic of the congo",
    "RCA": "central african republic", "RDC": "democratic republic of the congo",
    "DDR": "disarmament demobilization reintegration", "DMS": "director of mission support",
    "DPO": "department of peace operations", "ERC": "emergency relief coordinator", "EU": "european union",
    "FC": "force commander", "FPU": "formed police unit", "GA": "general assembly",
    "GBV": "gender-based violence", "HC": "humanitarian coordinator", "HCT": "humanitarian country team",
    "HOM": "head of mission", "HQ": "headquarters", "IDP": "internally displaced persons",
    "IED": "improvised explosive devices", "IHL": "international humanitarian law",
    "INGO": "international non-governmental organizations", "MOU": "memorandum of understanding",
    "MSS": "multinational security support", "NGO": "non-governmental organizations",
    "NY": "new york headquarters", "PC": "police commissioner", "PCC": "police-contributing countries",
    "PKO": "peacekeeping operation", "POC": "protection of civilians", "PSC": "peace and security council",
    "QIP": "quick impact projects", "RC": "resident coordinator", "ROE": "rules of engagement",
    "SC": "security council", "SEA": "sexual exploitation and abuse", "SG": "secretary-general",
    "SGBV": "sexual and gender-based violence", "SOFA": "status-of-forces agreement",
    "SOMA": "status-of-mission agreement", "SOP": "standard operating procedure",
    "SSR": "security sector reform", "TCC": "troop-contributing countries", "TOR": "terms of reference",
    "UNCT": "united nations country team", "UNPOL": "united nations police", "USG": "under-secretary-general",
    "UXO": "unexploded ordnance", "WPS": "women and peace and security",
}  # fmt: skip
"""Upper-case shorthand to the words it stands for in UN usage."""

EVERYDAY = {
    "aid": "humanitarian assistance", "army": "military forces", "banned": "prohibited", "billet": "post",
    "blocked": "restrictions", "blue helmets": "peacekeepers troops", "boss": "head senior",
    "bosses": "senior leadership", "cash": "funding", "ceiling": "authorized strength",
    "charity": "humanitarian organizations", "cops": "police", "copters": "helicopters", "court": "justice",
    "cut": "reduction", "cuts": "reductions", "dead": "killed fatalities", "deaths": "killed fatalities",
    "died": "killed fatalities", "drawdown": "withdrawal transition", "extended": "extend renew mandate",
    "fighting": "clashes hostilities", "food agency": "world food programme", "girls": "women", "grab": "seize",
    "headcount": "personnel strength", "hungry": "food insecurity", "hunger": "food insecurity",
    "hurt": "injured", "jail": "detention prison", "jailed": "detained", "kids": "children",
    "landmines": "mine action explosive ordnance", "looted": "diversion looting",
    "money": "funding resources budget", "neighbours": "regional", "pay": "funding contributions",
    "planes": "aviation aircraft", "prison": "detention", "prolonged": "extended", "rape": "sexual violence",
    "relief": "humanitarian assistance", "renewed": "extended", "runaway": "displaced", "shelling": "artillery",
    "soldiers": "troops military personnel", "stolen": "diversion looting", "talks": "negotiations dialogue",
    "top job": "head of mission", "trucks": "vehicles", "vote": "elections", "voting": "elections",
    "warlords": "armed groups", "watchdog": "monitoring oversight",
}  # fmt: skip
"""Everyday words, lower case, to what documents say."""

_UPPER_WORD = re.compile(r"\b[A-Z][A-Za-z]*[A-Z]s?\b")


def shorthand_in(text: str) -> dict[str, str]:
    """Shorthand in a text, as written, with the phrase behind it; in lower case it counts from three letters."""
    upper = [word for word in _UPPER_WORD.findall(text) if word.rstrip("s").upper() in SHORTHAND]
    lower = [
        word for word in re.findall(r"\b[a-z]{3,6}\b", text) if word not in _ALSO_WORDS and word.upper() in SHORTHAND
    ]
    return {word: SHORTHAND[word.rstrip("s").upper()] for word in (*upper, *lower)}


def everyday_in(text: str) -> list[str]:
    """Single words that documents use for the everyday words of a text."""
    low = f" {' '.join(re.findall(r'[a-z]+', text.lower()))} "
    found = [said for plain, said in EVERYDAY.items() if f" {plain} " in low]
    return list(dict.fromkeys(word for said in found for word in said.split()))


_ALSO_WORDS = frozenset({"sea", "tor", "cos", "soma", "roe", "car"})
"""Shorthand that is also an everyday word, or a typing slip of one: it counts in capitals only."""
