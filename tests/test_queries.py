"""What a question says: the place it names, its language, its abbreviations, what it leans on."""

from __future__ import annotations

import time

import pytest

from knowledge.fulltext import codes, joined_numbers
from knowledge.glossary import Glossary
from knowledge.queries import Query, Reference, is_elliptical, language_of, understand
from knowledge.question_kind import QuestionKind, kind_of
from knowledge.register import Abbreviation
from knowledge.spelling import Speller
from knowledge.words import stems

GLOSSARY = Glossary(
    [
        Abbreviation("JMAC", "Joint Mission Analysis Cell", "a", "1"),
        Abbreviation("JMAC", "Joint Mission Analysis Centre", "b", "2"),
        Abbreviation("QIP", "Quick Impact Project", "a", "3"),
    ]
)


def asked(question: str, *history: str) -> Query:
    return understand(question, history, GLOSSARY)


@pytest.mark.parametrize(
    ("question", "references"),
    [
        ("S/2025/54 para 23", [Reference("paragraph", "23")]),
        ("What does paragraph 4 of S/2025/54 say?", [Reference("paragraph", "4")]),
        ("§ 7 of the directive", [Reference("paragraph", "7")]),
        ("recommendation 15 of the 2005 report", [Reference("recommendation", "15")]),
        ("what does rec. 3 ask for", [Reference("recommendation", "3")]),
        ("section 3.2 of the guidelines", [Reference("section", "3.2")]),
        ("annex II, paragraph 6", [Reference("paragraph", "6", "II")]),
        ("what is in annex I?", [Reference("annex", "I", "I")]),
        ("le paragraphe 12 du rapport", [Reference("paragraph", "12")]),
        ("how many of the 23 vehicles are in the section?", []),
    ],
)
def test_reads_the_place_that_a_question_names(question: str, references: list[Reference]) -> None:
    assert list(asked(question).references) == references


def test_a_document_symbol_is_one_keyword_in_question_and_text() -> None:
    assert codes("see S/2025/54, para. 3") == codes("S/2025/54") != codes("S/2025/55")
    assert len(codes("A/79/797-S/2025/109")) == 2
    assert codes("ST/SGB/2007/6 and 46/182") == [*codes("ST/SGB/2007/6"), *codes("46/182")]
    assert asked("What does S/2025/54 say?").codes == tuple(codes("S/2025/54"))


def test_a_word_of_a_hundred_thousand_letters_takes_no_time() -> None:
    began = time.monotonic()
    assert codes("a" * 100_000) == []
    assert time.monotonic() - began < 1


def test_a_number_with_a_thousands_separator_is_also_found_without_it() -> None:
    assert joined_numbers("2,101 incidents and 2 101 others, 4 300 000 in all, 12 34") == ["2101", "2101", "4300000"]


def test_an_abbreviation_brings_every_expansion_of_the_documents() -> None:
    assert set(asked("who heads the JMAC?").phrases) == {"Joint Mission Analysis Cell", "Joint Mission Analysis Centre"}


def test_markup_of_a_chat_is_no_part_of_the_question() -> None:
    query = asked("<@U123> who heads the cell :smile: https://example.org/x\n> what somebody said before")
    assert query.own_text == "who heads the cell"


@pytest.mark.parametrize(
    ("follow_up", "leans"),
    [
        ("and who do they report to for that?", True),
        ("why?", True),
        ("what about the police?", True),
        ("How long does it take?", True),
        ("Who chairs the humanitarian country team in an integrated mission?", False),
        ("What must every convoy commander check before the departure from the base?", False),
    ],
)
def test_a_follow_up_takes_words_from_earlier_turns_and_a_whole_question_does_not(follow_up: str, leans: bool) -> None:
    query = asked(follow_up, "What does the convoy commander report?")
    assert query.elliptical is leans is is_elliptical(follow_up)
    assert ("commander" in query.text and "report" in query.text) or not leans
    assert ("convoy" in query.context_terms) is (leans and "convoy" not in query.terms)


def test_without_earlier_turns_nothing_is_added() -> None:
    assert asked("and for how long?").text == "and for how long?"


def test_a_french_question_is_searched_in_english_words() -> None:
    query = asked("Qui est le chef de mission et quels sont ses besoins en véhicules ?")
    assert query.language == "fr" == language_of(query.own_text)
    assert "HOM" in query.text and "head of mission" in query.phrases and "needs" in query.text
    assert asked("Who is the head of mission?").language == "en" == language_of("font size?")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<@U04F0CALPT> hi team :wave: who pays for QIPs? thx :pray:", "who pays for QIPs?"),
        ("Good morning all, quick question: who chairs the JOC, please?", "who chairs the JOC"),
        ("bonjour à tous, qui dirige l'équipe ? merci d'avance", "qui dirige l'équipe ?"),
        ("who signs it. Urgent!", "who signs it."),
        ("Morning prayers: who leads them", "Morning prayers: who leads them"),
        ("is it urgent", "is it urgent"),
        ("when does the mandate end any idea?", "when does the mandate end"),
        ("does the mission have any idea?", "does the mission have any idea?"),
        ("number of trucks need it for a cable, thanks!!", "number of trucks"),
        ("why do patrols need this for escorts", "why do patrols need this for escorts"),
        ("which forms do staff need this year, thanks", "which forms do staff need this year"),
        ("where do contingents need it delivered, please", "where do contingents need it delivered"),
        ("did the review put forward any ideas?", "did the review put forward any ideas?"),
        ("is there any idea?", "is there any idea?"),
        ("Quick question on QIPs", "Quick question on QIPs"),
        ("Hi-vis jackets: who pays", "Hi-vis jackets: who pays"),
        ("If damaged, need it be reported to the FMCC", "If damaged, need it be reported to the FMCC"),
        ("may staff accept a note of thanks", "may staff accept a note of thanks"),
        ("Mandat MINUSMA s'il vous plaît", "Mandat MINUSMA"),
        ("Thanks! And who leads it? Many thanks in advance.", "And who leads it"),
        ("who says thank you", "who says thank you"),
        ("hello", "hello"),
    ],
)
def test_courtesies_around_a_question_are_not_part_of_it(written: str, meant: str) -> None:
    assert asked(written).own_text.rstrip(" ?") == meant.rstrip(" ?")


def test_courtesies_take_no_time_however_many_there_are() -> None:
    started = time.perf_counter()
    for long in ("!" * 3400 + "x " + "please " * 80, ", " * 1000 + "x " + "please " * 280, " " * 3900 + "x"):
        asked(long)
    assert time.perf_counter() - started < 1


def test_an_abbreviation_stands_in_a_text_that_spells_it_out_and_the_other_way_round() -> None:
    short, long = asked("What does the JMAC do?"), asked("What does the Joint Mission Analysis Centre do?")
    spelled = stems("The Joint Mission Analysis Centre reports daily.")
    assert "jmac" in short.with_other_forms(spelled)
    assert stems("joint analysis centre") <= long.with_other_forms(stems("The JMAC reports daily."))
    half = stems("The joint analysis was shared.")
    assert short.with_other_forms(half) == half


def test_reads_years_and_months() -> None:
    query = asked("What did the 2005 report and the one of March 2031 say, and the ’08 one?")
    assert set(query.years) == {"2005", "2031", "2008"}
    assert query.months == ("2031-03",)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("S/2025/54 para 23", QuestionKind.PLACE),
        ("JMAC?", QuestionKind.DEFINITION),
        ("What does JMAC stand for?", QuestionKind.DEFINITION),
        ("How many vehicles do the police have?", QuestionKind.NUMBER),
        ("When does the convoy leave?", QuestionKind.DATE),
        ("Which principles guide the deployment?", QuestionKind.LIST),
        ("Who signs the waiver?", QuestionKind.WHO),
        ("How do a cell and a centre differ?", QuestionKind.COMPARISON),
        ("Can a convoy leave at night?", QuestionKind.OTHER),
    ],
)
def test_tells_what_a_question_asks_for(question: str, kind: QuestionKind) -> None:
    assert kind_of(asked(question)) is kind


SPELLER = Speller(
    {
        "convoi": 9, "convei": 2, "passport": 1, "humanitarian": 4, "gate": 3, "administr": 5, "admit": 7, "staff": 2,
        "paragraph": 5, "mosul": 3, "silm": 1, "uneso": 4, "unesa": 2,
    },
    {"pastor", "convoys", "passport", "admit", "paragraph", "gate", "passports", "staff", "humanitarian"}.__contains__,
    {"unorlo"},
)  # fmt: skip


def test_mends_a_slip_only_in_a_long_word_that_neither_a_document_nor_english_has() -> None:
    right = {
        "passprot": "passport", "passpot": "passport", "humanitairan": "humanitarian", "convyos": "convoys",
        "admin": "admin", "convey": "convey", "pastor": "pastor", "gtae": "gtae", "xylophone": "xylophone",
        "2031": "2031",
    }  # fmt: skip
    assert {word: SPELLER.correct(word) for word in right} == right


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("what does paraggraph 3 say of a passprot?", "what does paragraph 3 say of a passport?"),
        ("Passprot at the gte, and saff?", "Passport at the gte, and staff?"),
        ("PASSPROT FOR STAFF", "PASSPORT FOR STAFF"),
        ("silmm don't passprot's a/passprot", "silmm don't passprot's a/passprot"),
        ("the gaet", "the gaet"),
    ],
)
def test_slips_are_undone_in_what_is_encoded_where_that_gives_whole_words(written: str, read: str) -> None:
    assert SPELLER.respell(written) == (read, ())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("where is UNROLO based", "UNORLO"),
        ("where is unrolo based", "UNORLO"),
        ("where is UNNORLO based", "UNORLO"),
        ("what happened in Mosull", None),
        ("what happened in Moosul", "Mosul"),
        ("what happened in moosul", "mosul"),
        ("where is UNORLOO based", None),
        ("where is UNORL based", None),
        ("where is UNOTLO based", None),
        ("where is UNEOS based", "UNESO"),
        ("where is UNES based", None),
        ("met Passprot today", "Passport"),
        ("met Pasport today", None),
    ],
)
def test_a_name_is_read_differently_only_for_a_plain_slip_and_that_is_told(written: str, read: str | None) -> None:
    found = SPELLER.respell(written)
    assert [name for _, name in found.names] == ([read] if read else [])
    assert found.text == written if read is None else read.lower() in found.text.lower()
    assert all(name in written for name, _ in found.names)


def test_a_place_is_found_by_a_misspelt_question() -> None:
    query = understand("what does paragarph 7 say", (), GLOSSARY, SPELLER.respell)
    assert query.references == (Reference("paragraph", "7"),)


@pytest.mark.parametrize(
    ("question", "encoded"),
    [
        ("how does the 2005 study define a strategic vision?", "how does it define a strategic vision?"),
        ("who pays for fuel and water, according to the norwegian 2008 report?", "who pays for fuel and water?"),
        ("boss of the harbour police in the feb 2025 SG report", "boss of the harbour police"),
        ("S/2031/54: how many advisers inside the police cap?", "it: how many advisers inside the police cap?"),
        (
            "how many advisers does res 2779 (2025) count within the ceiling?",
            "how many advisers does it count within the ceiling?",
        ),
        ("in the 2005 study's view who heads mine clearance?", "who heads mine clearance?"),
        ("how many people did the 2005 study team talk to?", None),
        ("compare the 2005 study and the 2008 report on tugboats and harbours", None),
        ("who drafted the May 2008 report?", None),
        ("how many tugs is the harbour to have in 2030 according to its new policy?", None),
        ("what hat does the RC/HC wear on a barge in 2025?", None),
    ],
)
def test_what_says_which_document_is_meant_is_not_what_is_asked(question: str, encoded: str | None) -> None:
    query = asked(question)
    plain = query.without_naming()
    assert (plain.text, plain.own_text) == ((encoded, encoded) if encoded else (question, question))
    assert plain.terms == query.terms and plain.years == query.years


def test_names_that_told_the_documents_are_left_out_of_what_is_sought() -> None:
    query = asked("JMAC's staff in Ruritania: how many analysts and drivers?")
    bare = query.without(["Ruritania", "jmac", "Joint Mission Analysis Cell"])
    assert bare.text == "staff in: how many analysts and drivers?"
    assert bare.alternatives == () and bare.terms == query.terms
    assert asked("who leads the JMAC?").without(["JMAC"]) == asked("who leads the JMAC?")
    assert query.without([]) is query


def test_words_that_only_their_stem_gives_are_mended_in_the_search_for_words() -> None:
    query = asked("who checks a humanitarein ?").mended(lambda word: word.replace("tarein", "tarian"))
    assert "humanitarian" in query.terms and "humanitarein" in query.text


@pytest.mark.parametrize(("question", "name"), [("Who leads UNHAS?", "unhas"), ("What did Grandi say?", "grandi")])
def test_a_name_is_no_slip(question: str, name: str) -> None:
    assert name in asked(question).mended(lambda word: word[:-1]).terms


def test_french_names_of_places_are_searched_in_english() -> None:
    assert asked("combien de déplacés au Soudan du Sud et en Libye ?").text == "number displaced South Sudan Libya ?"


def test_french_is_not_mended_into_english_but_its_names_are() -> None:
    query = understand("qui a fait un gaet en ville de Moosul pour un passprot ?", (), GLOSSARY, SPELLER.respell)
    assert query.mended(lambda word: word[:-1]) == query
    assert query.respelled == (("Moosul", "Mosul"),) and "passprot" in query.terms


@pytest.mark.parametrize(
    "question", ["?", "\x00", "“”", "'; DROP TABLE documents; --", '"', "a" * 4000, "🚁 " * 50, "٣ و ٤"]
)
def test_any_characters_make_a_query(question: str) -> None:
    assert isinstance(kind_of(asked(question, question)), QuestionKind)


def test_an_everyday_word_is_covered_where_a_text_says_it_formally() -> None:
    query = asked("when does the mandate end and who pays the soldiers?")
    assert ("mandate end", "extend", "renew") in query.everyday
    assert {"soldier"} <= query.with_other_forms(stems("Two battalions of troops arrived."))
    assert "soldier" not in query.with_other_forms(stems("Two battalions of police arrived."))
    assert asked("how do we deal with the checkpoint").everyday == ()


def test_everyday_words_are_told_from_parts_of_words() -> None:
    assert asked("soldiering on in the kidsroom").everyday == ()
    assert asked("Kids?").everyday == (("kids", "children"),)


def test_an_abbreviation_of_an_earlier_turn_is_not_what_a_follow_up_asks_about() -> None:
    query = asked("and police?", "officers of the JMAC")
    assert query.abbreviations == () and kind_of(query) is QuestionKind.OTHER
    assert any("Joint Mission Analysis Cell" in forms for forms in query.alternatives)
    assert asked("and the QIP?", "how big is the JMAC").abbreviations == ("QIP",)


def test_a_name_written_out_is_searched_in_its_short_form_and_covered_by_either() -> None:
    query = asked("who heads the joint mission-analysis cells, and clears the force commander's quick-impact projects?")
    assert query.terms == ("heads", "jmac", "clears", "fc", "qip")
    assert ("jmac", "Joint Mission Analysis Cell") in query.alternatives
    assert {"jmac", "fc"} <= query.with_other_forms(
        stems("The joint mission analysis cell and the Force Commander meet.")
    )


def test_a_name_written_out_beside_its_short_form_or_asked_about_stays_what_it_is() -> None:
    assert "mission" in asked("what is a JMAC (joint mission analysis cell) for").terms
    query = asked("what is the joint mission analysis cell")
    assert query.abbreviations == () and query.own_text == "what is the joint mission analysis cell"


def test_shorthand_that_is_also_a_word_is_searched_as_what_it_stands_for() -> None:
    in_full = ("troops", "central", "african", "republic")
    assert (
        asked("troops in the Central African Republic").terms == asked("troops in the CAR today").terms[:4] == in_full
    )
    assert asked("how many peacekeepers drive a car").terms == ("peacekeepers", "drive", "car")
    assert asked("what is SEA?").terms == ("sea",)
    assert (
        asked("SEA reports of the ROE board").text
        == "sexual exploitation and abuse reports of the rules of engagement board"
    )


def test_noise_around_a_question_says_nothing_of_its_language() -> None:
    assert asked("Morning! :coffee: combien de policiers dans la mission any idea?").language == "fr"


def test_a_name_is_not_shortened_where_that_would_lose_or_mix_what_is_asked() -> None:
    entries = [
        *GLOSSARY.entries,
        Abbreviation("WHO", "World Health Organization", "a", "4"),
        Abbreviation("IT", "information technology", "a", "5"),
        Abbreviation("DPKO", "Department of Peacekeeping Operations", "a", "6"),
    ]

    def terms(question: str) -> tuple[str, ...]:
        return understand(question, (), Glossary(entries)).terms

    assert "world" in terms("What does the World Health Organization do in Haiti")
    assert "technology" in terms("who manages information technology?")
    both = terms("Joint Mission Analysis Cell or Joint Mission Analysis Centre?")
    assert {"cell", "centre"} <= set(both)
    assert terms("In general, assembly areas are where?") == ("general", "assembly", "areas")
    assert "quick" in terms("QIPs (quick impact projects) for whom")
    assert "operations" in terms("the DPKO (Department of Peacekeeping Operations) and its posts")
