"""Words as the keyword side of retrieval sees them: stems without function words, and their rarity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import Stemmer

_NUMBER = re.compile(r"\d+(?:[ ,\u00a0\u202f]\d{3})*(?:\.\d+)?")
_WORD = re.compile(r"[A-Za-zÀ-ÿ0-9]+(?:[’'][A-Za-z]+)?")

STOPWORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but
    by can cannot could d did do does doing don done down during each either else ever etc every few for from
    further had has have having he her here hers him his how i if in into is isn it its itself just ll m made
    make many may me might more most much must my no nor not now of off on once one only or other our ours out
    over own please put re s same say says she should so some such t tell than that the their theirs them then
    there these they this those through to too under until up us ve very via was we well were what when where
    whether which while who whom whose why will with within without would yes you your yours really actually
    give get got exactly thing things anyone someone something know need want like hello hi thanks thank""".split()
)

FRENCH_STOPWORDS = frozenset(
    """a afin ai alors au aucun aucune auquel auraient aurait auront aussi autre aux avaient avait avant avec
    avez avoir avons c ce ceci cela celle celles celui certaines certains ces cet cette ceux chacun chacune chaque
    ci combien comme comment d dans de des devaient devait devra devraient devrait devront dois doit doivent donc
    dont du duquel elle elles en encore entre est et eu eux faire fait faites faut furent fut il ils j je jusqu
    jusque l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui là m ma mais me mes moi mon n
    ne ni nos notre nous on ont ou où par parce pas peut peuvent peux plus pour pourquoi pourra pourraient pourrait
    pourront pouvaient pouvait puis puisque qu quand que quel quelle quelles quelque quelques quels qui quoi s sa
    sans se selon sera seraient serait seront ses si soit sommes son sont sous suis sur t ta te tes toi ton tous
    tout toute toutes très tu un une va vers voici voilà vos votre vous y à ça également étaient était été êtes
    être""".split()
)

_stemmer = Stemmer.Stemmer("porter")


def written_as_name(word: str, opens: bool, shouted: bool) -> bool:
    """True if a word has a capital that neither its place (it `opens` the text) nor shouting explains."""
    return not shouted and (word[1:] != word[1:].lower() or (word[:1].isupper() and not opens))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem that SQLite's porter tokenizer gives the word too."""
    return str(_stemmer.stemWord(word.lower().replace("’", "'").removesuffix("'s")))


def words(text: str) -> list[str]:
    """Words in order, as written; an apostrophe keeps its tail."""
    return _WORD.findall(text)


def content_words(text: str) -> list[str]:
    """Words that carry meaning, lower case, in order, each once."""
    return list(dict.fromkeys(w for w in (x.lower() for x in words(text)) if w not in STOPWORDS and len(w) > 1))


def numbers(text: str) -> frozenset[str]:
    """Numbers in a text, without thousands separators."""
    return frozenset(re.sub(r"(?<=\d)[ ,\u00a0\u202f](?=\d{3})", "", found) for found in _NUMBER.findall(text))


@lru_cache(maxsize=8_000)
def stems(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning. Kept for recent texts: the same passages come up again and again."""
    return frozenset(stem(word) for word in words(text) if word.lower() not in STOPWORDS)


def plain(text: str) -> str:
    """A text's words for comparing names: lower case, without hyphens, plural or possessive, one spelling."""
    low = (w.lower().removesuffix("’s").removesuffix("'s") for w in re.findall(r"[\w’']+", text.replace("-", " ")))
    return " ".join({"organisation": "organization"}.get(w.rstrip("s"), w.rstrip("s")) for w in low)


def shortened(text: str, shorts: Mapping[str, str]) -> str:
    """The text with names written out replaced by their short forms (`shorts` maps long to short), longest first."""
    for long in sorted(shorts, key=len, reverse=True):
        text = _loosely(long).sub(shorts[long], text)
    return text


@lru_cache(maxsize=4_000)
def _loosely(name: str) -> re.Pattern[str]:
    """A name in any number, case and spelling; its words are apart by spaces, hyphens, and what stands there in it."""
    parts = re.findall(r"([\w’']+)([^\w’']*)", name)
    words = [re.escape(plain(w)).replace("organization", "organi[sz]ation") + "s*(?:['’]s)?" for w, _ in parts]
    gaps = [rf"[\s{re.escape(''.join(set(gap) - {' ', '-'}))}-]+" for _, gap in parts[:-1]]
    return re.compile(rf"(?<!\w){''.join(map(''.join, zip(words, [*gaps, ''], strict=True)))}(?!\w)", re.IGNORECASE)
