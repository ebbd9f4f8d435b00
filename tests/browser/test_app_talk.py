"""What people do in the app, before a device in memory: every key, every tap, nothing jumps."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.app_stage import DESKTOP, PHONE, on_stage, to

LOG = "[role=log]"


def place_of(page: Page, text: str) -> float:
    """Where a message stands on the screen, in pixels from its top."""
    box = page.get_by_role("article").filter(has_text=text).bounding_box()
    assert box is not None
    return box["y"]


def from_end(page: Page) -> float:
    """Pixels between what is seen and the end of the log."""
    script = f"() => {{ const log = document.querySelector('{LOG}'); "
    script += "return log.scrollHeight - log.scrollTop - log.clientHeight; }"
    return float(page.evaluate(script))


def asked(page: Page, operation: str) -> list[Any]:
    """What the page has asked the device for."""
    found: list[Any] = page.evaluate(
        "name => stage.device.asked.filter(({operation}) => operation === name)"
        ".map(({asked}) => asked)",
        operation,
    )
    return found


def receive(page: Page, conversation: str, text: str) -> None:
    """A message comes in."""
    script = "([id, text]) => { stage.device.receive(id, "
    script += "{ sender: 'olga@plausch.example', text }); }"
    page.evaluate(script, [to(conversation).removeprefix("#/c/"), text])


def test_from_the_link_to_a_table(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + "linde?new") as stage:
        page = stage.page
        page.get_by_role("heading", name="Schreib an linde").wait_for()
        page.get_by_label("Dein Name").fill("Jürgen Groß")
        page.get_by_text("juergen.gross").wait_for()
        page.get_by_role("button", name="Zu linde").click()
        page.get_by_role("heading", name="linde").wait_for()
        page.get_by_role("textbox").wait_for()
        assert asked(page, "conversationWith") == [{"address": "linde@plausch.example"}]
        assert stage.complaints == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_choice_and_a_time_are_a_table(
    app_site: str, browser: Browser, size: tuple[int, int]
) -> None:
    with on_stage(browser, app_site + to("linde"), size=size) as stage:
        page = stage.page
        page.get_by_role("article").get_by_role("button", name="Tisch reservieren").click()
        page.get_by_role("button", name="19:30").click()
        page.get_by_text("Bestätigt", exact=True).wait_for()
        expect(page.get_by_role("button", name="Neu wählen")).to_have_count(2)
        with page.expect_download() as download:
            page.get_by_role("button", name="In den Kalender").click()
        calendar = download.value.path().read_text(encoding="utf-8")
        assert "UID:f3c1a2@linde.example\r\n" in calendar.replace("\n", "\r\n")
        page.get_by_role("button", name="Stornieren").click()
        page.get_by_role("dialog").get_by_role("button", name="Stornieren").click()
        page.get_by_text("Storniert", exact=True).first.wait_for()
        expect(page.get_by_text("neuerer Stand")).to_have_count(1)
        assert stage.complaints == []


def test_who_writes_to_a_business_that_is_away_is_told(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("linde")) as stage:
        page = stage.page
        write = """([id, state]) => {
          const sentAtMs = Date.now() - 60_000;
          window.ours = stage.device.receive(id, { text: 'Ein Tisch?', sentAtMs, state });
        }"""
        linde = to("linde").removeprefix("#/c/")
        page.evaluate(write, [linde, "sent"])
        told = page.get_by_role("status").filter(has_text="letzte Antwort: ")
        expect(told).to_contain_text("Gerade ist dort niemand da", timeout=60_000)
        assert stage.violations() == []
        page.evaluate("() => stage.device.alter(window.ours, { state: 'delivered' })")
        expect(told).to_contain_text("ein Mensch kann sie lesen", timeout=60_000)
        answer = "id => stage.device.receive(id, { sender: 'linde@plausch.example', text: 'Ja!' })"
        page.evaluate(answer, linde)
        expect(told).to_have_count(0)
        assert stage.complaints == []


def test_what_is_read_stays_while_earlier_messages_come(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + "?messages=2000" + to("long")) as stage:
        page = stage.page
        page.evaluate("stage.device.delayMs = 200")
        page.mouse.move(200, 400)
        for _ in range(4):
            before = len(asked(page, "messages"))
            while len(asked(page, "messages")) == before:
                page.mouse.wheel(0, -400)
                page.wait_for_timeout(60)
            text = page.get_by_role("article").nth(3).inner_text().split("\n")[0]
            was = place_of(page, text)
            page.wait_for_timeout(500)
            assert abs(place_of(page, text) - was) < 2, text
        assert stage.complaints == []


def test_the_end_is_followed_only_by_who_is_there(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("long")) as stage:
        page = stage.page
        receive(page, "long", "Neues am Ende")
        page.get_by_text("Neues am Ende").wait_for()
        page.wait_for_timeout(300)
        assert from_end(page) < 5
        page.mouse.move(200, 400)
        page.mouse.wheel(0, -1200)
        page.get_by_role("button", name="Zur neuesten Nachricht").wait_for()
        page.wait_for_timeout(300)
        where = from_end(page)
        receive(page, "long", "Noch etwas")
        page.get_by_role("button", name="1 neue Nachricht").wait_for()
        assert from_end(page) > where
        page.get_by_role("button", name="1 neue Nachricht").click()
        page.get_by_text("Noch etwas").wait_for()
        assert stage.complaints == []


def test_the_way_up_lies_over_no_message_at_the_end(app_site: str, browser: Browser) -> None:
    """On a narrow screen it would cover time and ticks of the newest one."""
    with on_stage(browser, app_site) as stage:
        page = stage.page
        for number in range(40):
            receive(page, "long", f"Ungelesen {number}")
        page.evaluate("hash => { location.hash = hash; }", to("long"))
        page.get_by_role("button", name="Zur neuesten Nachricht").click()
        up = page.get_by_role("button", name="Zur ersten ungelesenen Nachricht")
        up.wait_for()
        page.wait_for_timeout(400)
        assert from_end(page) < 5
        newest = page.get_by_role("article").last
        assert "Ungelesen 39" in newest.inner_text()
        message, button = newest.bounding_box(), up.bounding_box()
        assert message is not None
        assert button is not None
        assert message["y"] + message["height"] <= button["y"]
        stage.shoot("way_up_at_the_end")
        page.mouse.move(200, 400)
        page.mouse.wheel(0, -60)  # as long as it is in sight, no second way lies over it
        page.wait_for_timeout(400)
        expect(page.get_by_role("button", name="Zur neuesten Nachricht")).to_be_hidden()
        page.mouse.wheel(0, -60)
        page.get_by_role("button", name="Zur neuesten Nachricht").wait_for()
        up.click()
        page.get_by_text("Ungelesen 0", exact=True).wait_for()
        expect(up).to_be_hidden()
        assert stage.complaints == []


def test_many_messages_at_once_are_announced_as_a_number(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("long")) as stage:
        page = stage.page
        receive(page, "long", "Eine einzelne")
        page.locator("[aria-live=polite]").filter(has_text="olga: Eine einzelne").wait_for()
        for number in range(20):
            receive(page, "long", f"Nummer {number}")
        page.locator("[aria-live=polite]").filter(has_text="neue Nachrichten").wait_for()


def test_the_list_can_be_skipped(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("group"), size=DESKTOP) as stage:
        page = stage.page
        skip = page.get_by_role("button", name="Zur Unterhaltung springen")
        page.get_by_role("button", name="Einstellungen").focus()
        page.keyboard.press("Shift+Tab")
        expect(skip).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.main') !== null")
        assert stage.complaints == []


@pytest.mark.parametrize(
    ("code", "is_of_number"),
    [("unreachable", False), ("vault_busy", False), ("safety_number_differs", True)],
)
def test_only_numbers_that_differ_are_called_so(
    app_site: str, browser: Browser, code: str, is_of_number: bool
) -> None:
    with on_stage(browser, app_site + to("ben", "/details"), size=DESKTOP) as stage:
        page = stage.page
        page.evaluate("code => { stage.device.refusing.set('markVerified', code); }", code)
        page.get_by_role("button", name="Sicherheitsnummer").click()
        page.get_by_role("button", name="Sie sind gleich").click()
        expect(page.locator(".details .wrong")).to_have_count(1 if is_of_number else 0)
        expect(page.locator(".note")).to_have_count(0 if is_of_number else 1)
        assert stage.complaints == []


def test_one_conversation_is_searched(app_site: str, browser: Browser) -> None:
    for size in (PHONE, DESKTOP):
        with on_stage(browser, app_site + to("group", "/details"), size=size) as stage:
            page = stage.page
            page.get_by_role("button", name="In dieser Unterhaltung suchen").click()
            search = page.get_by_role("searchbox")
            expect(search).to_be_focused()
            search.fill("e")
            titles = page.locator(".found .hit .title")
            expect(titles.first).to_be_visible()
            assert set(titles.all_inner_texts()) == {"Sommerfest im Hof"}
            page.get_by_role("button", name="Überall suchen").click()
            expect(titles.filter(has_not_text="Sommerfest im Hof").first).to_be_visible()
            search.fill("Lichterkette")
            page.get_by_role("button", name="Lichterkette").click()
            expect(page.get_by_role("article").filter(has_text="Lichterkette")).to_be_visible()
            assert stage.complaints == []


def test_a_recovery_key_is_not_closed_by_mistake(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + "#/settings/recovery", size=DESKTOP) as stage:
        page = stage.page
        make = page.get_by_role("button", name="Wiederherstellungsschlüssel anlegen", exact=True)
        make.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Wiederherstellungsschlüssel anlegen").click()
        key = page.locator(".key")
        expect(key).to_be_visible()
        asked = page.get_by_role("dialog", name="Ist der Schlüssel aufgeschrieben?")
        for _ in range(3):  # browsers close whatever they show when it is pressed twice
            page.keyboard.press("Escape")
            expect(asked).to_be_visible()
            page.keyboard.press("Escape")
            expect(asked).to_be_hidden()
            expect(key).to_be_visible()
        page.keyboard.press("Escape")
        asked.get_by_role("button", name="Zurück").click()
        expect(key).to_be_visible()
        page.keyboard.press("Escape")
        asked.get_by_role("button", name="Ja, schließen").click()
        expect(key).to_be_hidden()
        assert stage.complaints == []


def test_the_keyboard_does_everything(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site, size=DESKTOP) as stage:
        page = stage.page
        keys = page.keyboard
        keys.press("Control+k")
        expect(page.get_by_role("searchbox")).to_be_focused()
        keys.type("lichter")
        page.get_by_role("button", name="Lichterkette").click()
        page.get_by_role("heading", name="Sommerfest im Hof").wait_for()
        page.get_by_role("searchbox").focus()
        keys.press("Escape")
        keys.press("Alt+ArrowDown")
        page.get_by_role("heading", name="linde").wait_for()
        keys.press("Alt+ArrowUp")
        page.get_by_role("heading", name="Sommerfest im Hof").wait_for()
        field = page.get_by_role("textbox", name="Nachricht an Sommerfest im Hof")
        field.focus()
        keys.press("ArrowUp")
        expect(field).to_have_value("Ja, im Keller. Bringe ich mit.")
        keys.press("Escape")
        expect(field).to_have_value("")
        page.get_by_role("article").last.focus()
        keys.press("ArrowUp")
        keys.press("ArrowUp")
        expect(page.get_by_role("article").filter(has_text="im Keller")).to_be_focused()
        keys.press("Enter")
        page.get_by_role("menuitem", name="Antworten").wait_for()
        keys.press("Escape")
        expect(page.get_by_role("article").filter(has_text="im Keller")).to_be_focused()
        keys.press("r")
        expect(field).to_be_focused()
        keys.type("Danke")
        keys.press("Shift+Enter")
        keys.type("dir")
        keys.press("Enter")
        page.get_by_role("article").filter(has_text="Danke").wait_for()
        assert asked(page, "sendText")[0]["text"] == "Danke\ndir"
        assert "answers" in asked(page, "sendText")[0]
        field.evaluate("one => one.blur()")
        keys.press("?")
        page.get_by_role("dialog", name="Tastenkürzel").wait_for()
        keys.press("Escape")
        keys.press("Escape")
        page.get_by_text("Wähle eine Unterhaltung").wait_for()
        assert stage.complaints == []


def test_the_list_is_walked_with_arrows(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + "?conversations=2000", size=DESKTOP) as stage:
        page = stage.page
        page.locator("[data-at='0']").focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator("[data-at='1']")).to_be_focused()
        page.keyboard.press("End")
        focused = page.locator("[data-at]:focus")
        expect(focused).to_have_attribute("data-at", re.compile(r"19\d\d"))
        page.keyboard.press("Home")
        expect(page.locator("[data-at='0']")).to_be_focused()
        assert stage.complaints == []


def test_actions_on_a_message(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("group"), size=DESKTOP) as stage:
        page = stage.page
        message = page.get_by_role("article").filter(has_text="im Keller")

        def act(name: str) -> None:
            message.focus()
            page.keyboard.press("Enter")
            page.get_by_role("menuitem", name=name, exact=True).click()

        act("Weiterleiten")
        page.get_by_role("checkbox", name="ben.weber").check(force=True)
        page.get_by_role("dialog").get_by_role("button", name="Weiterleiten").click()
        page.get_by_text("Weitergeleitet.").wait_for()
        assert len(asked(page, "forward")[0]["to"]) == 1
        message.focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Mit 😂 reagieren").click()
        page.get_by_role("button", name="😂 von Du").wait_for()
        page.get_by_role("button", name="😂 von Du").click()
        expect(page.get_by_role("button", name="😂 von Du")).to_have_count(0)
        act("Für alle löschen")
        page.get_by_role("dialog").get_by_role("button", name="Für alle löschen").click()
        page.get_by_text("Du hast diese Nachricht gelöscht.").first.wait_for()
        assert len(asked(page, "remove")) == 1
        assert stage.complaints == []


def test_a_long_press_shows_the_actions(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("group")) as stage:
        page = stage.page
        box = page.get_by_text("Bringe ich mit.").bounding_box()
        assert box is not None
        finger = page.context.new_cdp_session(page)
        point = {"x": box["x"] + 20, "y": box["y"] + 8}
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        page.get_by_role("menuitem", name="Antworten").wait_for()
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.get_by_role("menuitem", name="Antworten").click()
        page.get_by_text("Antwort auf deine Nachricht").wait_for()
        assert stage.complaints == []


def test_a_draft_waits_in_its_conversation(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("ben"), size=DESKTOP) as stage:
        page = stage.page
        page.get_by_role("textbox").fill("Noch nicht fert")
        page.keyboard.press("Alt+ArrowUp")
        page.get_by_role("heading", name="linde").wait_for()
        page.get_by_role("button", name="Noch nicht fert").click()
        expect(page.get_by_role("textbox")).to_have_value("Noch nicht fert")
        assert stage.complaints == []


def test_a_compared_number_lets_one_write_again(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("changed"), size=DESKTOP) as stage:
        page = stage.page
        expect(page.get_by_role("textbox", name="Nachricht an emil")).to_have_count(0)
        page.get_by_role("button", name="Sicherheitsnummer vergleichen").click()
        page.get_by_text("10007").wait_for()
        page.get_by_role("button", name="Neuen Schlüssel annehmen").click()
        page.get_by_role("textbox", name="Nachricht an emil").wait_for()
        assert stage.complaints == []


def test_a_picture_is_sent_without_its_metadata(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + to("ben")) as stage:
        page = stage.page
        pixels = page.evaluate(
            "async () => { const canvas = new OffscreenCanvas(3000, 1000);"
            " canvas.getContext('2d').fillRect(0, 0, 1500, 1000);"
            " const file = await canvas.convertToBlob({ type: 'image/jpeg' });"
            " return [...new Uint8Array(await file.arrayBuffer())]; }"
        )
        exif = b"\xff\xe1\x00\x10Exif\x00\x00GEHEIM12"
        raw = bytes(pixels)
        file = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": raw[:2] + exif + raw[2:]}
        page.locator("input[type=file]").first.set_input_files(file)
        page.get_by_label("Text dazu").fill("Schau")
        page.get_by_role("button", name="Senden", exact=True).click()
        page.get_by_role("button", name="Bild IMG_1.jpg öffnen").wait_for()
        width, height, text = page.evaluate(
            "async () => { const { asked } = stage.device.asked.findLast("
            "({operation}) => operation === 'sendFile');"
            " return [asked.width, asked.height, await asked.file.text()]; }"
        )
        assert (width, height) == (2048, 683)
        assert "GEHEIM" not in text
        assert stage.complaints == []


def test_motion_is_left_out_for_who_wishes_it(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site, motion="reduce") as stage:
        stage.page.get_by_role("button", name="Neue Unterhaltung").first.click()
        sheet = stage.page.get_by_role("dialog")
        expect(sheet).to_have_css("animation-duration", "0.001s")
