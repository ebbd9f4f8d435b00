"""What a hostile participant may send: nothing is executed, nothing breaks, and it is shown for
what it is.
"""

import pytest
from playwright.sync_api import expect

from browser.people import Member, Person, Troupe
from browser.pictures import pixel_bomb
from plausch.content.attachment import Facts
from plausch.content.mimi import Disposition, MimiContent, SinglePart
from plausch.content.text import markdown_part
from plausch.sdk.composing import new_salt
from plausch.sdk.conversation import Conversation
from plausch.sdk.outgoing import FileDescription

SCRIPTS = (
    "<img src=x onerror='window.harm=1'>",
    "<script>window.harm=1</script>",
    "[press](javascript:window.harm=1)",
    "![x](javascript:window.harm=1)",
    "[data](data:text/html,<script>window.harm=1</script>)",
    "<svg/onload=window.harm=1>",
    "**<b onclick='window.harm=1'>bold</b>**",
)
BIDI = "\u202egnp.exe\u202c\u2066\u200b\u200d\ufeff"
EMOJI = "👩‍👩‍👧‍👦"
LONGEST_BYTES = 60_000


@pytest.fixture
def anna(troupe: Troupe) -> Person:
    return troupe.person("Anna", "en", "phone")


@pytest.fixture
def mallory(troupe: Troupe, anna: Person) -> tuple[Member, Conversation]:
    """Somebody whom Anna has let in."""
    member = troupe.member("Mallory")
    anna.begins_with(member.name)
    anna.writes("hello")
    return member, member.hears().conversation


def sends(mallory: tuple[Member, Conversation], part: SinglePart) -> None:
    member, conversation = mallory

    async def send() -> None:
        await (await conversation.send(MimiContent(salt=new_salt(), part=part))).accepted()

    member.do(send())


def goes_on(anna: Person, mallory: tuple[Member, Conversation]) -> None:
    """Both still write and read, and nothing was executed or refused by the policy."""
    member, conversation = mallory
    member.says(conversation, "after all that")
    anna.sees("after all that")
    anna.writes("I am still here")
    assert member.hears().text == "I am still here"
    assert anna.page.evaluate("window.harm") is None
    assert anna.violations() == []
    assert anna.complaints == []


def test_markup_and_scripts_are_text(anna: Person, mallory: tuple[Member, Conversation]) -> None:
    for text in SCRIPTS:
        sends(mallory, markdown_part(text))
        mallory[0].says(mallory[1], text)
    goes_on(anna, mallory)
    hrefs = anna.log.locator("a").evaluate_all("all => all.map(({ protocol }) => protocol)")
    assert set(hrefs) <= {"http:", "https:", "mailto:", "tel:"}
    assert anna.log.locator("script, iframe, object, [onerror], [onclick], [onload]").count() == 0
    anna.sees(SCRIPTS[1])


def test_malformed_cards_and_unknown_parts(
    anna: Person, mallory: tuple[Member, Conversation]
) -> None:
    for content_type, content in (
        ("application/vnd.plausch.card+cbor", b"\xff\xff\xff"),
        ("application/vnd.plausch.card+cbor", b"\xbf" * 5000),
        ("application/x-of-the-future", b"\0" * 100),
        ("text/html", b"<script>window.harm=1</script>"),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.harm=1'/>"),
    ):
        sends(
            mallory,
            SinglePart(
                content_type=content_type,
                content=content,
                language="",
                disposition=Disposition.RENDER,
            ),
        )
    goes_on(anna, mallory)
    expect(anna.log.get_by_text(anna.say("message.unknown")).first).to_be_visible()


def test_texts_that_turn_around_or_have_no_width(
    anna: Person, mallory: tuple[Member, Conversation]
) -> None:
    sends(mallory, markdown_part(f"turned {BIDI} around"))
    sends(mallory, markdown_part("a" + "\u0301" * 3000))
    sends(mallory, markdown_part("x" * 20_000))
    goes_on(anna, mallory)
    widest = anna.page.evaluate("document.documentElement.scrollWidth")
    assert widest <= 390


def test_very_many_emoji(anna: Person, mallory: tuple[Member, Conversation]) -> None:
    count = LONGEST_BYTES // len(EMOJI.encode())
    sends(mallory, markdown_part(EMOJI * count))
    expect(anna.button("message.more")).to_be_visible()
    goes_on(anna, mallory)


@pytest.mark.parametrize(
    "name", [f"invoice{BIDI}", "../../../etc/passwd", "<img src=x onerror=window.harm=1>.txt"]
)
def test_hostile_file_names(anna: Person, mallory: tuple[Member, Conversation], name: str) -> None:
    member, conversation = mallory
    member.do(conversation.send_file(b"content", FileDescription(name=name)))
    file = anna.log.locator("button.file")
    expect(file).to_be_visible()
    with anna.page.expect_download() as download:
        file.click()
    suggested = download.value.suggested_filename
    assert suggested != ""
    assert not set(suggested) & set("/\\<>\u202e\u202c\u2066\u200b")
    goes_on(anna, mallory)


def test_a_received_pixel_bomb_is_not_decoded(
    anna: Person, mallory: tuple[Member, Conversation]
) -> None:
    """Its sender says that it is small; only its own header says how large it is."""
    member, conversation = mallory
    description = FileDescription(name="small.png", facts=Facts(width=100, height=100))
    member.do(conversation.send_file(pixel_bomb(50_000, 50_000), description))
    expect(anna.log.get_by_text(anna.say("file.refused"))).to_be_visible()
    assert anna.log.locator("img").count() == 0
    anna.log.locator("button.picture").click()
    dialog = anna.page.get_by_role("dialog")
    expect(dialog.get_by_text(anna.say("file.refused"))).to_be_visible()
    assert dialog.locator("img").count() == 0
    anna.page.keyboard.press("Escape")
    goes_on(anna, mallory)


def test_a_title_that_would_turn_the_page_around(
    anna: Person, mallory: tuple[Member, Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own devices do not send such titles; this one no longer minds."""
    member, _ = mallory
    group = member.do(member.client.create_group("Party", [f"{anna.name}@localhost"]))
    member.says(group, "come in")
    anna.goes_to("Party")
    monkeypatch.setattr("plausch.content.conversation.check_title", lambda title: title)
    member.do(group.rename(f"Bank{BIDI} Support"))
    member.says(group, "renamed")
    anna.sees("renamed")
    everything = anna.page.locator("body").inner_text()
    assert not set(everything) & {sign for sign in BIDI if not sign.isascii()}
    assert anna.violations() == []
