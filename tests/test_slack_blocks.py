"""Escaping, splitting and blocks by themselves: every text survives, none becomes markup, every limit holds."""

from __future__ import annotations

import pytest
from slack_double_people import answer, citation
from slack_double_rules import check_blocks, live, size

from assistant.answers import Notice, Status
from bot import blocks
from bot.escaping import link, markdown, mrkdwn, question_text
from bot.posting import halves
from bot.splitting import MESSAGE_BYTES, PARAGRAPH_BYTES, Message, Piece, pack, paragraphs, shortened


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@UBOT> what is <https://a.example|this>?", "what is this?"),
        ("<@U1|ann> in <#C1|general> &amp; &lt;elsewhere&gt;", "@ann in #general & <elsewhere>"),
        ("<!here>  <!subteam^S1|@ops> see <https://a.example>", "@ops see https://a.example"),
        ("\u202eabc\u200f  <@U2>", "abc somebody"),
    ],
)
def test_a_question_is_read_in_words(text: str, words: str) -> None:
    assert question_text(text, "UBOT") == words


def test_markup_of_both_dialects_is_made_harmless() -> None:
    hostile = "<!channel> *b* _i_ `c` [l](https://e.example) https://e.example <@U1> # h\n- x\n1. y ![i](u)"
    assert live({"text": mrkdwn(hostile)}) == []
    assert live({"markdown_text": markdown(hostile)}) == []


def test_links_open_whatever_the_path_holds_and_only_over_http() -> None:
    assert link("https://g.example/", "/documents/a (1)|b&c#p2") == "https://g.example/documents/a%20%281%29%7Cb%26c#p2"
    assert link(None, "/documents/a") is None
    assert link("javascript:x", "/documents/a") is None
    assert link("https://g.example", "javascript:x") is None


def test_paragraphs_are_cut_at_sentences_then_words_and_lose_nothing() -> None:
    text = "One sentence. " * 400 + "\n" + "ب" * 5000
    parts = list(paragraphs(text))
    assert all(len(part.encode()) <= PARAGRAPH_BYTES for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert parts[0].endswith(".")


def test_messages_keep_order_and_stay_small() -> None:
    text = "\n".join(f"- item {number} " + "é" * 300 for number in range(120))
    many = [citation(number, quote="q" * 900, title="t" * 200) for number in range(1, 31)]
    messages = blocks.render(answer(text, many), "https://g.example", (blocks.SHARE, blocks.HAND_OVER))
    for message in messages:
        assert size(vars(message)) <= MESSAGE_BYTES
        check_blocks(message.blocks)
    shown = str([message.blocks for message in messages])
    assert [shown.index(f"item {n} ") for n in range(120)] == sorted(shown.index(f"item {n} ") for n in range(120))
    assert all(f"[{n}] " in shown for n in range(1, 31))


@pytest.mark.parametrize("status", list(Status))
def test_every_status_makes_blocks_that_slack_takes(status: Status) -> None:
    cited = () if status in (Status.NOT_FOUND, Status.OUT_OF_SCOPE, Status.NEEDS_CLARIFICATION) else (citation(),)
    notices = tuple(Notice(kind, f"About {kind}.") for kind in ("superseded", "historical", "acronym"))
    made = answer("Words. [1]\n\nMore.", cited, status=status, notices=notices, suggestions=("S/1",))
    for message in blocks.render(made, None, (blocks.HAND_OVER,)):
        check_blocks(message.blocks)
        check_blocks(blocks.classic(message).blocks)
        assert message.text.strip()


def test_what_is_found_too_long_can_always_be_halved() -> None:
    message = blocks.render(answer("\n".join("word " * 30 for _ in range(8))))[0]
    pending, rounds = [message], 0
    while any(part.blocks for part in pending):
        pending = [half for part in pending for half in (halves(part) if part.blocks else [part])]
        rounds += 1
        assert rounds < 20
    assert halves(Message("x" * 9000, []))[0].text.endswith("…")


def test_short_texts_stay_and_long_ones_end_at_a_word() -> None:
    assert shortened("short") == "short"
    assert shortened("word " * 2000, 100).endswith("word …")


def test_an_empty_answer_still_makes_a_message() -> None:
    assert pack([Piece("paragraph", [{"type": "text", "text": " "}], "")])[0].blocks
