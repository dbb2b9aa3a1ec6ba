"""What the bot says of its own accord."""

from __future__ import annotations

from bot.blocks import ANSWER_AGAIN, START_BRIEFING, note
from bot.ports import RoleCard
from bot.splitting import Message

GREETINGS = frozenset({*"hi hello hey help bonjour salut aide thanks merci".split(), "thank you", "good morning"})
HELP = note(
    "I answer from the mission's own guidance and name the paragraph each answer rests on. Ask in your own words, for"
    " example: Who is responsible for quick impact projects?\n"
    "Here only you see what I say. In a channel mention me and I answer in the thread; /focal followed by a question"
    " answers you alone, anywhere. Choose your role on my Home tab.\n"
    "If you have just taken up a post, tell me which one and I brief you."
)
NO_WORDS = note("I cannot read files. Please ask in words.")
FORGOTTEN = note("I no longer have that question. Please ask it again.")
NOT_YOURS = note("Only the person who asked can do this.")
TOO_OPEN = note("Not shared: this answer rests on guidance that not everybody in this channel may read.")
SHARED = note("Shared with the channel.")
NOT_A_MEMBER = note("I am not in this channel, so I cannot post here. Invite me with /invite, then share again.")
THANKS = note("Thank you. The guidance manager sees this.")
NO_FOCAL_POINT = note("No focal point has been named yet. The question is kept as a gap for the guidance manager.")
NO_BRIEFING = note("The loaded guidance has nothing for this role yet.")
BRIEFING_OVER = note("That was the whole briefing. Ask me about anything in it.")
STOPPED = note("Stopped. Ask again whenever you like.")


def too_many(limit: int) -> Message:
    """The polite word for somebody in a hurry."""
    return note(
        f"That was more than {limit} questions in a minute, which is as fast as I may go for one person. I have left"
        " this one out; please ask it again in a minute."
    )


def welcome(role: RoleCard) -> Message:
    """The offer to somebody who has just taken up a post."""
    return note(
        f"Welcome to your new post. I have noted your role as {role.name} (you can change it on my Home tab) and can"
        " brief you from the loaded guidance, section by section, every line with its source.",
        (START_BRIEFING,),
        f"{role.id}:0",
    )


def failed(reference: str) -> Message:
    """The plain reason when nothing helped."""
    return note(
        f"I could not answer this: something on my side failed, more than once. Your question was fine; please ask it"
        f" again later. Reference for your IT support: {reference}."
    )


def sentence(text: str) -> str:
    """An error's line as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def edited(answer_id: str) -> Message:
    """The offer to answer a changed question."""
    return note("You changed your question.", (ANSWER_AGAIN,), answer_id)


def handed_over(name: str) -> Message:
    """Confirms that a person now has the question."""
    return note(f"Passed on to {name}. Your question also counts as a gap in the guidance.")
