"""The receptionist: greetings, cards, languages, cancelling, hours, and guests of every kind."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guest import Guest
from ledger import audit
from linde import FRIDAY, NOW_S, TUESDAY, at, restaurant
from plausch.agent.book import Book
from plausch.agent.patience import BURST, MAX_CONFUSED
from plausch.agent.talk import Expecting
from plausch.base.clock import ManualClock
from plausch.content.cards import (
    BookingCard,
    BookingRequest,
    CancelRequest,
    Card,
    Choices,
    Choose,
    OfferedSlot,
    Option,
    SlotOffer,
    encode_card,
)
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]
WISH = BookingRequest(2, TUESDAY, time(19, 0), "Anna")


def options(guest: Guest) -> list[str]:
    assert isinstance(guest.card, Choices)
    return [option.identifier for option in guest.card.options]


# --- greetings, languages ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("Hallo", "de", "hier ist **Zur Linde**"),
        ("Guten Morgen!", "de", "Was darf es sein?"),
        ("Good morning", "en", "this is **Zur Linde**"),
        ("hey", "en", "What can I do for you?"),
    ],
)
async def test_greetings(guest: Arrive, text: str, language: str, said: str) -> None:
    anna = guest()
    assert said in await anna.says(text)
    assert anna.replies[0].language == language
    assert options(anna) == ["book", "hours"]


async def test_unknown_words_are_answered_in_the_houses_language(guest: Arrive) -> None:
    anna = guest()
    await anna.says("?!")
    assert anna.replies[0].language == "de"
    anna.restaurant = replace(anna.restaurant, language="en")
    await anna.says("?!")
    assert anna.replies[0].language == "en"


async def test_the_first_words_decide_and_a_few_others_do_not_change_it(guest: Arrive) -> None:
    anna = guest()
    await anna.says("a table for two please")
    await anna.says("morgen")
    assert anna.replies[0].language == "en"
    assert isinstance(anna.card, SlotOffer)
    await anna.says("ich möchte lieber am Freitag um 19 Uhr kommen")
    assert anna.replies[0].language == "de"


async def test_a_language_can_be_asked_for_in_the_middle(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen")
    text = await anna.says("in English please")
    assert "These times are free for 2 people" in text
    await anna.says("7 pm")
    assert "Auf welchen Namen" in await anna.says("auf Deutsch bitte")
    assert "Bestätigt" in await anna.says("Anna")
    assert "this is" in await anna.says("English")


async def test_a_guest_with_bookings_is_greeted_with_them(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(WISH)
    await anna.says("Hallo")
    assert options(anna) == ["book", "hours", "mine"]
    assert "Dienstag, den 24. November, 19:00 Uhr" in await anna.says("3")


# --- cards ---------------------------------------------------------------------------------


async def test_three_taps(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(Choose("book"))
    await anna.sends(Choose("party:2"))
    await anna.sends(Choose("day:2026-11-27"))
    assert isinstance(anna.card, SlotOffer)
    slot = anna.card.slots[-1]
    await anna.sends(Choose(slot.identifier, anna.card.request_id))
    assert isinstance(anna.card, BookingCard)
    assert anna.card.state is BookingState.HELD
    await anna.sends(BookingRequest(under_name="Anna"))
    assert anna.card is not None
    assert anna.card.state is BookingState.CONFIRMED
    (booking,) = await anna.bookings()
    assert booking.starts_at_s == slot.start_s


async def test_a_whole_request_in_one_card(guest: Arrive) -> None:
    anna = guest()
    assert "Bestätigt" in await anna.sends(WISH)
    assert isinstance(anna.card, BookingCard)
    assert "storniert" in await anna.sends(CancelRequest(anna.card.uid))
    assert isinstance(anna.card, BookingCard)
    assert anna.card.state is BookingState.CANCELLED
    assert await anna.bookings() == []


async def test_half_a_request_in_a_card(guest: Arrive) -> None:
    anna = guest()
    assert "wie viele" in await anna.sends(BookingRequest(day=TUESDAY, under_name="Anna"))
    assert "diese Zeiten frei" in await anna.sends(BookingRequest(party=2))
    assert "Bestätigt" in await anna.sends(BookingRequest(at=time(19, 0)))


async def test_pressing_confirm(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(replace(WISH, under_name=""))
    assert "Auf welchen Namen" in await anna.sends(Choose("confirm"))
    assert "Bestätigt" in await anna.says("Anna")
    assert "wie viele" in await anna.sends(Choose("confirm"))


async def test_releasing_a_hold_by_card(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(replace(WISH, under_name=""))
    assert isinstance(anna.card, BookingCard)
    assert "gebe den Tisch wieder frei" in await anna.sends(CancelRequest(anna.card.uid))
    assert not await anna.bookings()


async def test_somebody_elses_booking_cannot_be_cancelled(guest: Arrive) -> None:
    anna, eve = guest("anna"), guest("eve")
    await anna.sends(WISH)
    assert isinstance(anna.card, BookingCard)
    assert "keine Reservierung von Ihnen" in await eve.sends(CancelRequest(anna.card.uid))
    assert "keine Reservierung" in await eve.sends(Choose(f"cancel:{anna.card.uid}"))
    assert len(await anna.bookings()) == 1


@pytest.mark.parametrize(
    "identifier",
    ["zzz", "party:0", "party:99999", "party:x", "day:2026-13-01", "day:", "cancel:", "keep",
     "20269924T180000Z", "confirm", "mine", "hours", "book:x", "party:²", "slot:"],
)  # fmt: skip
async def test_any_button_is_answered(guest: Arrive, identifier: str) -> None:
    anna = guest()
    assert await anna.sends(Choose(identifier, "p0"))


@pytest.mark.parametrize(
    "card",
    [
        Choices("Was darf es sein?", (Option("book", "Tisch"),)),
        SlotOffer("p2", 2, "UTC", (OfferedSlot("20261124T180000Z", 1_796_000_000, 60),)),
        BookingCard(
            "b", 1, BookingState.CONFIRMED, 2, 1_796_000_000, 60, "UTC", "A", "Zur Post", ()
        ),
    ],
)
async def test_other_agents_cards_are_left_alone(guest: Arrive, card: Card) -> None:
    anna = guest()
    before = anna.talk
    assert await anna.says("Tisch für 2 morgen um 19 Uhr", card) == ""
    assert anna.talk == before


# --- cancelling ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "yes", "said"),
    [
        ("stornieren", "ja", "storniert"),
        ("please cancel", "yes", "cancelled"),
        ("absagen", "1", "storniert"),
    ],
)
async def test_cancelling_asks_and_does(guest: Arrive, ask: str, yes: str, said: str) -> None:
    anna = guest()
    await anna.sends(WISH)
    await anna.says(ask)
    assert options(anna)[1] == "keep"
    assert len(await anna.bookings()) == 1
    assert said in await anna.says(yes)
    assert not await anna.bookings()
    assert any("cancelled" in note for note in anna.notes)


@pytest.mark.parametrize("no", ["nein", "2", "lieber nicht"])
async def test_cancelling_can_be_thought_better_of(guest: Arrive, no: str) -> None:
    anna = guest()
    await anna.sends(WISH)
    await anna.says("stornieren")
    assert "bleibt" in await anna.says(no)
    assert len(await anna.bookings()) == 1


async def test_cancelling_one_of_several(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(WISH)
    await anna.sends(replace(WISH, day=FRIDAY))
    assert "Welche" in await anna.says("stornieren")
    assert "27. November" in await anna.says("2")
    assert [booking.starts_at_s for booking in await anna.bookings()] == [at(TUESDAY, "19:00")]


async def test_a_bare_yes_does_not_cancel_one_of_several(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(WISH)
    await anna.sends(replace(WISH, day=FRIDAY))
    await anna.says("stornieren")
    await anna.says("ja")
    assert len(await anna.bookings()) == 2


async def test_cancelling_nothing(guest: Arrive) -> None:
    anna = guest()
    assert "keine Reservierung" in await anna.says("stornieren")


async def test_cancelling_while_asked_for_a_name(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    assert "wieder frei" in await anna.says("stornieren")
    assert anna.talk.held_uid == ""


async def test_too_late_to_cancel(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(WISH)
    anna.clock.at_ms = at(TUESDAY, "18:00") * 1000
    await anna.says("stornieren")
    text = await anna.says("ja")
    assert "nicht mehr stornieren" in text
    assert "+49 89 123456" in text
    assert len(await anna.bookings()) == 1


async def test_cancelling_twice(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(WISH)
    assert isinstance(anna.card, BookingCard)
    uid = anna.card.uid
    await anna.sends(CancelRequest(uid))
    assert "storniert" in await anna.sends(CancelRequest(uid))
    assert anna.notes == ()


# --- names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Anna", "Anna"),
        ("anna käfer", "anna käfer"),
        ("Freitag", "Freitag"),
        ("Herr Sonntag", "Herr Sonntag"),
        ("auf den Namen Müller bitte", "Müller"),
        ("my name is Bob", "Bob"),
        ("Ja, Anna Käfer bitte", "Anna Käfer"),
        ("Schmidt, vielen Dank", "Schmidt"),
        ("It's Bob, thanks!", "Bob"),
        ("Ich bin der Peter", "Peter"),
        ("auf Huber", "Huber"),
        ("Zoë 🎉", "Zoë 🎉"),
    ],
)
async def test_names_are_taken(guest: Arrive, answer: str, name: str) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    await anna.says(answer)
    assert [booking.under_name for booking in await anna.bookings()] == [name]


@pytest.mark.parametrize(
    "answer",
    ["ja", "ok", "…", "12", "x" * 200, "a b c d e f g h", "🎉", "Darf mein Hund mit?",
     "Gibts Bier?", "where is it", "danke", "Hallo", "Moment", "warte noch kurz"],
)  # fmt: skip
async def test_what_is_no_name_is_asked_again(guest: Arrive, answer: str) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    await anna.says(answer)
    assert not await anna.bookings()
    assert "Bestätigt" in await anna.says("Anna")


async def test_a_no_releases_the_table(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    assert "wieder frei" in await anna.says("nein danke")
    assert anna.talk.expecting is Expecting.NOTHING


async def test_a_question_in_between_keeps_the_hold(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    assert "Öffnungszeiten" in await anna.says("Wann habt ihr offen?")
    assert "Empfang" in await anna.says("Kann ich mit einem Menschen sprechen?")
    assert "Bestätigt" in await anna.says("Anna")


# --- patience ------------------------------------------------------------------------------


async def test_confusion_ends_in_silence_until_something_makes_sense(guest: Arrive) -> None:
    anna = guest()
    answers = [await anna.says(f"xyzzy{number}") for number in range(6)]
    assert [bool(answer) for answer in answers] == [True] * MAX_CONFUSED + [False] * 3
    assert "Schreiben Sie „Tisch“" in answers[MAX_CONFUSED - 1]
    assert "wie viele" in await anna.says("Tisch")


async def test_a_flood_is_answered_once_and_then_ignored(guest: Arrive) -> None:
    anna = guest()
    answers = [await anna.says("Hallo") for _ in range(BURST + 4)]
    assert all(answers[:BURST])
    assert "zu schnell" in answers[BURST]
    assert answers[BURST + 1 :] == ["", "", ""]
    anna.clock.advance(120_000)
    assert "Zur Linde" in await anna.says("Hallo")


async def test_two_receptionists_fall_silent(book: Book, clock: ManualClock) -> None:
    """Each hears the other's words as if a guest had written them."""
    cem = Guest(book, restaurant(), clock, "cem")
    mia = Guest(book, restaurant(), clock, "mia")
    said, rounds = await cem.says("Tisch bitte"), 0
    while said and rounds < 500:
        rounds += 1
        said = await mia.says(said)
        cem, mia = mia, cem
    assert rounds <= 2 * BURST + 4


# --- guests of every kind ------------------------------------------------------------------

sayings = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        ["Hallo", "Tisch", "für 4", "für 9", "morgen", "am Freitag", "19 Uhr", "halb acht", "ja",
         "nein", "1", "2", "7", "stornieren", "cancel", "Anna", "Öffnungszeiten", "English",
         "deutsch", "danke", "doch um 20 Uhr", "ändern", "Hund",
         "31.2.", "gestern", "am 24.12.", "meine Reservierung", "", " "]
    ),
    st.lists(
        st.sampled_from(["Tisch", "für", "4", "morgen", "um", "19", "Uhr", "Freitag", "halb",
                         "8", "pm", ".", "/", "12", "ja", "nicht", "Name:", "|"]),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip
pressed: st.SearchStrategy[Card] = st.one_of(
    st.builds(
        Choose,
        st.sampled_from(
            ["book", "hours", "mine", "keep", "confirm", "cancel:b-1", "party:3", "change:time"]
        )
        | st.from_regex(r"2026112[0-9]T1[0-9][03]000Z", fullmatch=True)
        | st.from_regex(r"[A-Za-z0-9:._+-]{1,64}", fullmatch=True),
        st.sampled_from(["", "p2", "p99", "px"]),
    ),
    st.builds(
        BookingRequest,
        st.none() | st.integers(1, 1000),
        st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)) | st.dates(),
        st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        st.sampled_from(["", "Anna", "ﷺ" * 80]),
    ),
    st.builds(CancelRequest, st.sampled_from(["b-1", "x"])),
)


async def test_a_tap_is_answered_in_the_language_of_the_app(guest: Arrive) -> None:
    anna = guest()
    anna.app_language = "en"
    assert "free" in await anna.sends(BookingRequest(2, TUESDAY))
    assert anna.replies[0].language == "en"
    assert anna.talk.language == "en"


@pytest.mark.parametrize(("app", "wrote"), [("fr", "de"), ("", "de"), ("de", "en")])
async def test_what_the_guest_wrote_counts_more_than_the_app(
    guest: Arrive, app: str, wrote: str
) -> None:
    anna = guest()
    await anna.says({"de": "Guten Abend!", "en": "Good evening!"}[wrote])
    anna.app_language = app
    await anna.sends(BookingRequest(2, TUESDAY))
    assert anna.replies[0].language == wrote


@settings(max_examples=60, deadline=None)
@given(st.lists(sayings | pressed, max_size=15), st.integers(0, 2))
def test_any_conversation_is_answered_and_leaves_the_book_right(
    tmp_path_factory: pytest.TempPathFactory, words: list[str | Card], hours: int
) -> None:
    path = tmp_path_factory.mktemp("talk") / "book.db"

    async def talk(path: Path) -> None:
        book = await Book.open(path)
        clock = ManualClock(NOW_S * 1000)
        guest = Guest(book, restaurant(), clock)
        for said in words:
            await (guest.says(said) if isinstance(said, str) else guest.sends(said))
            assert len(guest.replies) <= 2
            for reply in guest.replies:
                assert reply.text.strip()
                assert len(reply.text) < 4_000
                if reply.card is not None:
                    encode_card(reply.card)
            clock.advance(hours * 3_600_000)
        await book.close()

    asyncio.run(talk(path))
    audit(path, restaurant())
