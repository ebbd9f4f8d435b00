from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import AccountAddress, MessageId
from plausch.content.errors import ContentError
from plausch.content.mimi import (
    Disposition,
    Expiration,
    ExternalPart,
    MimiContent,
    MultiPart,
    NullPart,
    Part,
    Semantics,
    SinglePart,
    decode,
)
from plausch.content.text import (
    Mention,
    delete,
    edit,
    language_of,
    markdown_part,
    mention_message,
    mentions_in,
    reaction,
    reactions_of,
    readable_text,
    reply,
    text_message,
    text_part,
    unlike,
)

SALT = bytes(range(16))
FIRST = MessageId(b"\x01" * 32)
SECOND = MessageId(b"\x02" * 32)
ANNA = AccountAddress("anna", "example.org")
BEN = AccountAddress("ben", "example.org")
FANCY = SinglePart(content_type="application/vnd.example+cbor", content=b"\xa0")


def of(part: Part) -> MimiContent:
    return MimiContent(salt=SALT, part=part)


def choice(*parts: Part) -> MimiContent:
    return of(MultiPart(semantics=Semantics.CHOOSE_ONE, parts=parts))


def test_words_are_plain_text_and_read_back_as_typed() -> None:
    content = decode(text_message("*5* > 3 <b>\nzwei", salt=SALT, language="de").encode())
    assert readable_text(content) == "*5* > 3 <b>\nzwei"
    assert isinstance(content.part, SinglePart)
    assert content.part.content_type == "text/plain;charset=utf-8"
    assert content.part.language == "de"


def test_an_expiring_message_in_a_topic() -> None:
    expires = Expiration(relative=True, time_s=3600)
    content = decode(text_message("x", salt=SALT, expires=expires, topic_id=b"t").encode())
    assert (content.expires, content.topic_id) == (expires, b"t")


def test_a_reply_names_what_it_answers() -> None:
    assert decode(reply("ja", FIRST, salt=SALT).encode()).in_reply_to == FIRST


def test_a_reaction_and_its_end() -> None:
    liked = decode(reaction("❤", FIRST, salt=SALT).encode())
    assert (reactions_of(liked), liked.in_reply_to) == (("❤",), FIRST)
    assert liked.part.disposition == Disposition.REACTION
    unliked = decode(unlike(SECOND, FIRST, salt=SALT).encode())
    assert unliked.part == NullPart(disposition=Disposition.REACTION)
    assert (unliked.replaces, unliked.in_reply_to) == (SECOND, FIRST)
    assert readable_text(unliked) == ""


def test_the_longest_emoji_is_a_reaction_and_a_speech_is_none() -> None:
    family = "👩🏽‍❤️‍💋‍👨🏿"
    assert reactions_of(reaction(family, FIRST, salt=SALT)) == (family,)
    for text in ("", "x" * 65):
        with pytest.raises(ContentError):
            reaction(text, FIRST, salt=SALT)


def test_several_reactions_in_one_message() -> None:
    parts = tuple(text_part(sign, disposition=Disposition.REACTION) for sign in "❤🥳")
    whole = MultiPart(
        semantics=Semantics.PROCESS_ALL, parts=parts, disposition=Disposition.REACTION
    )
    assert reactions_of(of(whole)) == ("❤", "🥳")
    assert reactions_of(text_message("❤", salt=SALT)) == ()


def test_an_edit_and_a_deletion_name_the_first_version() -> None:
    edited = decode(edit("besser", FIRST, salt=SALT, in_reply_to=SECOND).encode())
    assert (edited.replaces, edited.in_reply_to) == (FIRST, SECOND)
    assert readable_text(edited) == "besser"
    deleted = decode(delete(FIRST, salt=SALT, in_reply_to=SECOND).encode())
    assert (deleted.replaces, deleted.in_reply_to) == (FIRST, SECOND)
    assert deleted.part == NullPart()


def test_a_mention_is_a_link_and_reads_as_a_name() -> None:
    content = mention_message(
        ["Danke ", Mention(ANNA, "Anna S."), " & ", Mention(BEN, "Ben]"), "!\n- *fertig*"],
        salt=SALT,
    )
    assert mentions_in(content) == (ANNA, BEN)
    assert readable_text(content) == "Danke @Anna S. & @Ben]!\n- *fertig*"
    assert isinstance(content.part, SinglePart)
    assert content.part.content.startswith(b"Danke [@Anna S.](mimi://example.org/u/anna) \\& ")


@pytest.mark.parametrize("mark", ["-", "+", "="])
@pytest.mark.parametrize("space", ["", " ", "   ", "\t"])
def test_the_mark_of_a_list_is_none_after_spaces_either(mark: str, space: str) -> None:
    content = mention_message([f"x\n{space}{mark} y ", Mention(ANNA, "Anna")], salt=SALT)
    assert isinstance(content.part, SinglePart)
    assert f"{space}\\{mark} y" in content.part.content.decode()
    assert readable_text(content) == f"x\n{space}{mark} y @Anna"


def test_links_to_other_things_are_no_mentions() -> None:
    markdown = (
        "[@A](mimi://example.org/u/anna) [@B](mimi://example.org/r/00) "
        "[@C](https://example.org) [D](mimi://example.org/u/dora) "
        "[@A](mimi://example.org/u/anna)"
    )
    assert mentions_in(of(markdown_part(markdown))) == (ANNA,)
    assert mentions_in(text_message("[@A](mimi://example.org/u/anna)", salt=SALT)) == ()


@given(st.text(max_size=200))
def test_the_words_around_a_mention_read_as_typed(words: str) -> None:
    content = mention_message([words, Mention(ANNA, "Anna")], salt=SALT)
    assert readable_text(content) == words + "@Anna"


def test_hostile_markdown_is_read_in_linear_time() -> None:
    for pattern in ("[@", "[@a](mimi://", "\\", "[@\\", "[" * 3):
        content = of(markdown_part(pattern * (50_000 // len(pattern))))
        assert mentions_in(content) == ()
        assert readable_text(content)


def test_half_a_surrogate_pair_is_not_sent() -> None:
    with pytest.raises(ContentError):
        text_message("\ud83d", salt=SALT)


def test_a_fallback_is_chosen_over_a_fancy_part() -> None:
    assert readable_text(choice(FANCY, markdown_part("# Hallo"))) == "# Hallo"
    assert readable_text(choice(FANCY, FANCY)) == "[application/vnd.example+cbor]"


@pytest.mark.parametrize(
    ("languages", "text"),
    [
        ((), "neutral"),
        (("de",), "deutsch"),
        (("DE",), "deutsch"),
        (("en",), "english"),
        (("en-GB", "de"), "deutsch"),
        (("fr", "en"), "english"),
        (("fr",), "neutral"),
        (("d",), "neutral"),
    ],
)
def test_the_first_wanted_language_that_there_is(languages: tuple[str, ...], text: str) -> None:
    content = choice(
        FANCY,
        text_part("english", language="fr-CA, en"),
        text_part("deutsch", language="de-AT"),
        text_part("neutral"),
    )
    wanted = "english" if languages == ("fr",) else text
    assert readable_text(content, languages) == wanted


def test_parts_that_belong_together_are_read_together() -> None:
    picture = ExternalPart(content_type="image/png", url="https://x", description="ein Bild")
    both = MultiPart(semantics=Semantics.PROCESS_ALL, parts=(text_part("schau"), picture))
    assert readable_text(of(both)) == "schau\n[ein Bild]"


def test_a_unit_with_an_unreadable_part_is_not_chosen() -> None:
    unit = MultiPart(semantics=Semantics.SINGLE_UNIT, parts=(text_part("halb"), FANCY))
    assert readable_text(choice(unit, text_part("ganz"))) == "ganz"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (ExternalPart(content_type="a/b", url="u", filename="f.png"), "[f.png]"),
        (ExternalPart(content_type="a/b", url="u"), "[a/b]"),
        (ExternalPart(content_type="", url="u"), "[u]"),
        (NullPart(), ""),
        (SinglePart(content_type="TEXT/Plain", content=b"ok"), "ok"),
        (SinglePart(content_type="text/plain", content=b"\xff"), "\ufffd"),
        (SinglePart(content_type="text/html", content=b"<b>"), "[text/html]"),
    ],
)
def test_what_each_kind_of_part_reads_as(part: Part, text: str) -> None:
    assert readable_text(of(part)) == text


@pytest.mark.parametrize(
    ("tags", "language"), [("de", "de"), ("en-GB", "en"), (" DE-at , en", "de"), ("", "")]
)
def test_the_language_of_the_words_is_the_one_they_are_marked_with(
    tags: str, language: str
) -> None:
    fancy = replace(FANCY, language="fr")
    assert language_of(choice(fancy, text_part("words", language=tags))) == language
