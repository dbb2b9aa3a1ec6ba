"""Words of a sentence as the grounding check compares them: stems, numbers, and the small words that turn a meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.answerers.tokens import Role, Token, is_number_word, join_numbers
from knowledge.words import STOPWORDS, stem

_CRITICAL_GROUPS = (
    # negation
    "not n't cannot, no, never, none, nor neither, nobody, nothing, without, hardly barely scarcely, except, unless",
    # modality
    "must, shall, should, may, might, can, could, would, will, ought, let lets, allowed, free, obliged",
    "need needs needed necessary, require requires required",
    # how many, how often, how sure
    "all, every, each, any, always, only alone solely, most, many, some, several, few, often frequently, sometimes",
    "usually normally generally commonly typically, rarely seldom, mainly mostly largely primarily, partly part",
    "almost nearly virtually, least, more, less, about approximately around roughly, half, other others, instead",
    "perhaps possibly probably likely, seem seems seemed appears appear appeared, fully entirely completely wholly",
    "first, last, already, yet, still, further, exclusively, automatically, immediately, directly, exactly, very, even",
    # what is not so yet, or only in somebody's words
    "propose proposes proposed proposal proposals, ask asks asked asking, recommend recommends recommended",
    "advise advises advised, suggest suggests suggested, consider considers considered considering",
    "want wants wanted, seek seeks sought, intend intends intended, plan plans planned, claim claims claimed",
    "believe believes believed, fear fears feared, hope hopes hoped, expect expects expected, doubt doubts doubted",
    "deny denies denied, refuse refuses refused, fail fails failed, attempt attempts attempted, try tries tried",
    "argue argues argued, demand demands demanded, urge urges urged, request requests requested, hold holds held",
    "called, judge judged, ignore ignored, former, acting, interim, potential, possible, draft, so-called",
    "alleged allegedly reportedly supposedly apparently purportedly",
    "if, whether, provided, when, where, until, while whereas, although though, because since, wrong, misprints",
    # relations
    "under, over, above, below, before, after, during, against, from, outside, inside within, beyond, between, into",
    "own, same, both, together, again, once, such, up, down, off, out",
)
_CRITICAL = {
    word: names.split()[0] for group in _CRITICAL_GROUPS for names in group.split(",") for word in names.split()
}
OPERATORS = frozenset(
    _CRITICAL[word]
    for word in """not no never none nor nobody nothing without hardly except unless must shall should may might can
    could would will ought let allowed obliged need require propose ask recommend advise suggest consider want seek
    intend plan claim believe fear hope expect doubt deny refuse fail attempt try argue demand urge request hold
    called judge
    if when whether provided ignore perhaps seem alleged draft possible potential only most some many few several
    often sometimes usually rarely mainly partly almost least half until""".split()
) | {"have to"}
"""Critical words that reach beyond their place: dropping one from the clause changes what is said."""
REACHING = OPERATORS - frozenset(
    _CRITICAL[word]
    for word in """must shall should may might can could would will ought let allowed need require propose ask
    recommend advise suggest consider want seek intend plan hope expect attempt try demand urge request hold called
    some many few several half until possible potential without""".split()
)
"""Operators that matter even inside an aside between commas."""
DROPPABLE = frozenset(
    _CRITICAL[word]
    for word in """under over above below before after during against from outside inside beyond between into own same
    both together again once such up down off out""".split()
)
"""Critical words that must stand in the source, yet may be left out with what they introduce."""
CONDITIONS = frozenset(_CRITICAL[word] for word in "unless except provided if when until only".split())
"""Operators that reach back when they follow."""

SAYING = frozenset(
    stem(word)
    for word in """say state tell declare announce opine express comment remark assert allege contend maintain accuse
    complain report estimate stress emphasize emphasise underline underscore warn note observe add explain feel think
    describe inform indicate point reiterate affirm reaffirm conclude write confirm insist acknowledge reply recall
    promise respond""".split()
)
"""Verbs that make what follows "that" somebody's words, not the document's own."""
SAID = frozenset("says said told felt thought wrote".split())
OPINIONS = frozenset("view views opinion opinions allegation allegations rumour rumours accusation accusations".split())
ACCORDING = stem("according")
DOCUMENT_WORDS = frozenset(
    """study report note notes document guidance synthesis paper text source passage policy resolution guideline
    guidelines directive paragraph section annex manual handbook doctrine framework charter convention
    agreement""".split()
)
"""Words that name a document; what it says of itself needs no other source."""
_SPOKEN = frozenset("give get got know say tell make made like something someone anyone much".split())
"""Words too common to search by, yet not to speak by."""
BE = frozenset("is are was were be been being am".split())
HAVE = frozenset("has have had having".split())
PAST, PRESENT = frozenset("was were had did".split()), frozenset("is are has have does do".split())
PREPOSITIONS = frozenset("of to for with by in on at as through about towards among from under over into".split())
DETERMINERS = frozenset("a an the this that these those its their his her".split())

_SYNONYMS = """
help assist; chief principal main; begin commence; buy purchase; demonstrate show; obtain acquire; big large;
difficult hard; important significant; quick fast rapid; country nation; organization organisation;
programme program; centre center; assistance aid; establish create; choose select; cooperation collaboration;
cooperate collaborate; understand comprehend; goal aim objective; ensure guarantee; task duty; wide broad;
facilitate ease; retain maintain keep; funds money; join combine; distinct separate; percent pct; war conflict;
describe portray; vital essential crucial; reply answer; provide give; involve engage; gather collect
"""
_CANONICAL: dict[str, str] = {}
for _group in _SYNONYMS.replace("\n", " ").split(";"):
    for _name in _group.split():
        _CANONICAL.setdefault(stem(_name), stem(_group.split()[0]))
for _family in (
    "decide decision", "protect protection", "analyse analysis", "assess assessment", "apply application",
    "respond response", "succeed success", "depend dependence", "lead leadership leader", "govern governance",
    "choose choice", "differ difference different", "grow growth", "lose loss", "distinguish distinction",
    "include inclusion", "exclude exclusion", "divide division", "provide provision", "employ employment",
):  # fmt: skip
    for _name in _family.split():
        _CANONICAL.setdefault(stem(_name), stem(_family.split()[0]))

_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)
_WORD = re.compile(
    r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)*|[^\W\d_]+(?:[./][A-Z0-9]+)+(?:[’']s\b)?"
    r"|[^\W\d_]+n[’']t\b"
    r"|[^\W_]+(?:[’'](?:s\b|(?=\W|$)))?|[%§$€£]"
)


def tokenise(text: str) -> list[Token]:
    """The words of a text in order; number words become values, hyphens part words, "non-" counts as a negation."""
    text = _PER_CENT.sub("percent", text)
    tokens: list[Token] = []
    end, depth = 0, 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        depth = max(0, depth + between.count("(") - between.count(")"))
        end = match.end()
        raw = match.group().replace("’", "'")
        tokens.append(_token(raw, between, depth, text[end : end + 1] == "-"))
    return join_numbers(_with_duties(tokens))


def _with_duties(tokens: list[Token]) -> list[Token]:
    """ "have to" as the one modal verb it is."""
    following = [*(token.raw.lower() for token in tokens[1:]), ""]
    return [
        replace(token, key="have to", role="critical") if token.raw.lower() in HAVE and after == "to" else token
        for token, after in zip(tokens, following, strict=True)
    ]


def _token(raw: str, between: str, depth: int, hyphen: bool) -> Token:
    low = raw.lower()
    bare = low.removesuffix("'s").removesuffix("'")
    punctuation = "".join(c for c in between if not c.isspace() or c == "\n").replace("(", "").replace(")", "")
    role: Role = "content"
    if low[0].isdigit():
        value = re.sub(r"[,\u00a0\u202f ]", "", low)
        return Token(raw, value, "number", punctuation, depth)
    if low in "%§$€£":
        return Token(raw, {"%": stem("percent")}.get(low, low), "content", punctuation, depth)
    if low.endswith("n't"):
        return Token(raw, "not", "critical", punctuation, depth)
    if hyphen and low in ("non", "anti", "ex"):
        return Token(raw, f"{low}-", "critical", punctuation, depth)
    if low == "may" and raw == "May":
        return Token(raw, "may-month", "content", punctuation, depth)
    if bare in _CRITICAL:
        return Token(raw, _CRITICAL[bare], "critical", punctuation, depth)
    if is_number_word(bare):
        return Token(raw, bare, "number", punctuation, depth)
    if low in STOPWORDS - _SPOKEN and (len(raw) == 1 or not raw.isupper()):
        return Token(raw, low, "light", punctuation, depth)
    if len(raw) == 1 and not raw.isupper():
        role = "light"
    key = stem(bare)
    return Token(raw, _CANONICAL.get(key, key), role, punctuation, depth)


_SUFFIXES = frozenset(
    """s ed ing ion ions ation ations ment ments al ally ly ity ive ence ance e es er al ial ic ical ism ize ise ized
    ised n t tion tions tional ed ure""".split()
) | {""}


def same_word(claim: Token, source: Token) -> bool:
    """True if two tokens say the same: equal keys, or two forms of one long word (appoint, appointment)."""
    if claim.key == source.key:
        return True
    if claim.role != "content" or source.role != "content" or claim.raw.isupper() or source.raw.isupper():
        return False
    a, b = claim.key, source.key
    shared = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return shared >= 6 and a[shared:] in _SUFFIXES and b[shared:] in _SUFFIXES


_VERB_FORMS = """accept accompany achieve act add address admit affect agree allow answer appoint approve arise assert
    assess attend authorise avoid balance bear become begin belong bring build call carry cause change choose combine
    come command communicate concern conduct connect consult contain continue contravene contribute control cooperate
    coordinate cover create deal decide define deliver depend deploy derive describe develop differ direct disagree
    distinguish draw employ enable endorse enforce ensure enter establish exceed exclude exist expand explain facilitate
    feel finance find fix follow form frame fund give go govern grow guide handle happen help identify implement improve
    include inform instruct insulate integrate involve join keep know lack lead leave lend limit link lose maintain
    make manage mean measure meet misapply monitor move name notice observe obtain operate oppose orchestrate order
    organise oversee pass pay perform permit place point precede prefer prepare present press prevent produce promise
    promote propose protect prove provide publish pull put raise range reach receive recognise reduce reflect reinforce
    relate remain remove replace report represent require reserve resolve respond rest restore result retain return
    review rise rule run save say secure see select send separate serve set shield show sign speak spend stand start
    state stay stem stop strengthen strike succeed supervise support take tell tend test track train transfer treat
    turn undermine understand undertake use vary violate visit wait warn watch work write matter""".split()
_VERBS = frozenset(stem(word) for word in _VERB_FORMS)
_NOUNS_TOO = frozenset(
    stem(word)
    for word in """report support work command control form state review plan order use help call change rule limit
    point place result return test link lead concern range balance address train fund project figure show present
    approach process finance""".split()
)


def is_verb(tokens: list[Token], position: int) -> bool:
    """True if a word is likely a finite verb: an auxiliary, or a known verb not standing as a noun or participle."""
    token = tokens[position]
    low = token.raw.lower()
    if low in BE or low in HAVE or low in ("do", "does", "did") or token.key in ("must", "shall", "should", "will"):
        return True
    if token.key in ("may", "might", "can", "could", "would") and token.role == "critical":
        return True
    if (
        token.is_name
        or token.role not in ("content", "critical")
        or (low.endswith(_NOUN_ENDINGS) and low not in _VERB_FORMS and low.removesuffix("s") not in _VERB_FORMS)
    ):
        return False
    before = tokens[position - 1] if position else None
    starts_phrase = before is None or before.raw.lower() in DETERMINERS | PREPOSITIONS
    if low.endswith("ed") and len(low) > 4:
        return not starts_phrase
    if token.role == "critical":
        return token.key in _CRITICAL_VERBS
    if token.key not in _VERBS:
        return False
    if token.key in _NOUNS_TOO:
        following = tokens[position + 1] if position + 1 < len(tokens) else None
        return (
            not starts_phrase
            and following is not None
            and not (
                following.key in _VERBS
                or following.raw.lower() in BE | HAVE
                or following.key in ("must", "should", "may")
            )
        )
    return True


_CRITICAL_VERBS = frozenset(
    """need require propose ask recommend advise suggest consider want seek intend claim believe fear hope expect doubt
    deny refuse fail attempt try argue demand urge hold seem judge ignore let""".split()
)
_NOUN_ENDINGS = ("ing", "ion", "ions", "ment", "ments", "ance", "ence", "er", "ers", "or", "ors", "al", "ive", "ity",
                 "ship")  # fmt: skip


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
