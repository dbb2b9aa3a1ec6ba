"""Shorthand and everyday words of mission staff, with the words that reports and guidance use for the same thing.

General peacekeeping and humanitarian vocabulary, ours, for both searches and for what counts as covered. What an
abbreviation means in a document is the glossary's business, taken from the documents themselves.
"""

from __future__ import annotations

import re

from knowledge.words import STOPWORDS, content_words, plain

SHORTHAND = {
    "ASG": "assistant secretary-general", "AU": "african union", "CAAC": "children and armed conflict",
    "CAO": "chief administrative officer", "COS": "chief of staff", "CRSV": "conflict-related sexual violence",
    "CAR": "central african republic", "DRC": "democratic republic of the congo",
    "RCA": "central african republic", "RDC": "democratic republic of the congo",
    "DDR": "disarmament, demobilization and reintegration", "DMS": "director of mission support",
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

MISSIONS = frozenset(
    """
    BINUB BINUCA BINUH BINUGBIS BONUCA MICAH MINUCI MINUGUA MINUJUSTH MINURCA MINURCAT MINURSO MINUSCA MINUSMA MINUSTAH
    MIPONUH MONUA MONUC MONUSCO ONUB ONUC ONUCA ONUMOZ ONUSAL UNAMA UNAMI UNAMIC UNAMID UNAMIR UNAMIS UNAMSIL UNAVEM
    UNCRO UNDOF UNEF UNFICYP UNIFIL UNIIMOG UNIKOM UNIOGBIS UNIOSIL UNIPSIL UNISFA UNITAMS UNITAF UNMEE UNMHA UNMIBH
    UNMIH UNMIK UNMIL UNMIN UNMIS UNMISET UNMISS UNMIT UNMOGIP UNMOP UNMOT UNOAU UNOCA UNOCI UNOGBIS UNOMIG UNOMIL
    UNOMSIL UNOMUR UNOSOM UNOTIL UNOWA UNOWAS UNPOS UNPREDEP UNPROFOR UNSMIH UNSMIL UNSMIS UNSOA UNSOM UNSOS UNTAC
    UNTAES UNTAET UNTAG UNTMIH UNTMIS UNTSO UNYOM
    """.split()
)
"""Peace operations of the United Nations, past and present (peacekeeping.un.org and dppa.un.org, lists of missions)."""

EVERYDAY = {
    "aid": "humanitarian assistance", "ambassadors": "representatives, member states", "ammo": "ammunition",
    "answers to": "reports to, reporting line", "army": "military forces", "backing": "support", "banned": "prohibited",
    "billet": "post", "blocked": "restrictions", "blue helmets": "peacekeepers, troops", "boats": "vessels",
    "bombed": "airstrikes", "bombing": "airstrikes, shelling", "boss": "head, senior", "bosses": "senior leadership",
    "bribes": "corruption", "bullying": "harassment", "calls the shots": "authority, decision-making",
    "casevac": "casualty evacuation", "cash": "funding", "ceiling": "authorized strength",
    "charity": "humanitarian organizations", "chopper": "helicopter", "choppers": "helicopters",
    "clinics": "health facilities", "cops": "police", "copters": "helicopters",
    "coup": "unconstitutional change of government", "court": "justice", "cows": "cattle, livestock",
    "cut": "reduction", "cuts": "reductions", "dead": "killed, fatalities", "deaths": "killed, fatalities",
    "delayed": "postponed", "died": "killed, fatalities", "disabled": "persons with disabilities",
    "doctors": "medical personnel", "drawdown": "withdrawal, transition", "drone": "unmanned aerial vehicle",
    "drones": "unmanned aerial vehicles", "dropped": "decreased, declined", "elderly": "older persons",
    "envoy": "special representative, special envoy", "expire": "extend, renew", "expires": "extend, renew",
    "expiry": "extend, renew", "extended": "extend, renew", "fake news": "misinformation, disinformation",
    "famine": "food insecurity", "fell": "decreased", "fighting": "clashes, hostilities", "fled": "displaced",
    "flee": "displaced", "floods": "flooding", "food agency": "world food programme", "freed": "released",
    "gear": "equipment", "girls": "women", "grab": "seize", "gunmen": "armed individuals, armed elements",
    "guns": "weapons, small arms", "handbook": "guidelines, manual", "headcount": "personnel strength",
    "hired": "recruited, recruitment", "hiring": "recruitment", "homeless": "displaced", "hostages": "abducted",
    "hunger": "food insecurity", "hungry": "food insecurity", "hurt": "injured", "in charge": "responsible, authority",
    "jail": "detention, prison", "jailed": "detained", "job": "functions, post, responsibilities",
    "jobs": "posts, employment", "judges": "judiciary", "kidnapped": "abducted", "kidnapping": "abduction",
    "kidnappings": "abductions", "kids": "children", "killings": "killed, fatalities", "kit": "equipment",
    "landmines": "mine action, explosive ordnance", "layoffs": "post reductions, abolition of posts",
    "locals": "local population, communities", "looted": "diversion, looting", "mandate end": "extend, renew",
    "mandate ends": "extend, renew", "mandate renewal": "extend, renew", "mandate renewed": "extend, renew",
    "mandate run out": "extend, renew", "mandate runs out": "extend, renew", "medevac": "medical evacuation",
    "militia": "armed group", "militias": "armed groups", "mines": "explosive ordnance",
    "money": "funding, resources, budget", "murdered": "killed", "neighbours": "regional", "overlap": "duplication",
    "overrule": "authority", "pay": "funding, contributions", "peace deal": "peace agreement",
    "planes": "aviation, aircraft", "prison": "detention", "prolonged": "extended", "pull out": "withdrawal, withdraw",
    "pulled out": "withdrew, withdrawal", "pullout": "withdrawal", "put off": "postponed", "raids": "attacks",
    "rape": "sexual violence", "rebels": "armed groups, opposition", "red tape": "bureaucratic impediments",
    "relief": "humanitarian assistance", "renewed": "extended", "rising": "increased", "runaway": "displaced",
    "sacked": "dismissed", "salaries": "remuneration", "set up": "established", "shelling": "artillery",
    "sick": "disease", "sign off": "approve, approval", "signs off": "approves, approval", "slashed": "reduced",
    "smuggling": "trafficking", "soldiers": "troops, military personnel", "stolen": "diversion, looting",
    "strikes": "airstrikes", "talks": "negotiations, dialogue", "terrorists": "terrorist groups", "toll": "casualties",
    "top job": "head of mission", "truce": "ceasefire, cessation of hostilities", "trucks": "vehicles",
    "turf": "competition", "unpaid": "outstanding, arrears", "villagers": "communities", "vote": "elections",
    "voting": "elections", "war": "armed conflict", "warlords": "armed groups", "watchdog": "monitoring, oversight",
    "weapons ban": "arms embargo", "work together": "coordination, cooperation", "wounded": "injured",
    "young people": "youth", "youngsters": "youth",
}  # fmt: skip
"""Everyday words, lower case, to what documents say; a comma stands between alternatives."""

_UPPER_WORD = re.compile(r"\b[A-Z][A-Za-z]*[A-Z]s?\b")


def shorthand_in(text: str) -> dict[str, str]:
    """Shorthand in a text, as written, with the phrase behind it; in lower case it counts from three letters."""
    upper = [word for word in _UPPER_WORD.findall(text) if word.rstrip("s").upper() in SHORTHAND]
    lower = [
        word for word in re.findall(r"\b[a-z]{3,6}\b", text) if word not in _ALSO_WORDS and word.upper() in SHORTHAND
    ]
    return {word: SHORTHAND[word.rstrip("s").upper()] for word in (*upper, *lower)}


def spelled_out(text: str) -> str:
    """A text with shorthand that is also an everyday word ("CAR", "SEA") written out, so that no car is found for it.

    Where it is nearly all that is asked about, as by "what is SEA?", and in a text all in capitals it stays.
    """
    if text.isupper() or len(content_words(text)) <= 2:
        return text
    return _CAPITALS.sub(lambda found: SHORTHAND[found[0]], text)


def is_also_a_word(short: str) -> bool:
    """True for shorthand that is an everyday word too ("SEA", "IT"), which would be found in its stead."""
    return short.lower() in _ALSO_WORDS | STOPWORDS


def is_mission(word: str) -> bool:
    """True for the abbreviation of a peace operation of the United Nations, in any case."""
    return word.upper() in MISSIONS


def written_out_in(text: str) -> dict[str, str]:
    """What shorthand stands for, where a text writes it out in several words, with the shorthand."""
    low = f" {plain(text)} "
    return {SHORTHAND[short]: short for long, short in _BY_PHRASE.items() if f" {long} " in low}


def everyday_in(text: str) -> list[tuple[str, ...]]:
    """Each everyday word of a text, followed by what documents say for it."""
    low = f" {' '.join(re.findall(r'[a-z]+', text.lower()))} "
    return [(plain, *said.split(", ")) for plain, said in EVERYDAY.items() if f" {plain} " in low]


_ALSO_WORDS = frozenset({"sea", "tor", "cos", "soma", "roe", "car"})
"""Shorthand that is also an everyday word, or a typing slip of one: it counts in capitals only."""
_CAPITALS = re.compile(rf"(?<![\w/-])(?:{'|'.join(sorted(word.upper() for word in _ALSO_WORDS))})(?![\w/-])")
_SAID_IN_FULL = {SHORTHAND[word.upper()] for word in _ALSO_WORDS}
_BY_PHRASE = {
    plain(phrase): short
    for short, phrase in reversed(SHORTHAND.items())
    if " " in phrase and phrase not in _SAID_IN_FULL
}
"""Of two shorthands for one phrase the first."""
