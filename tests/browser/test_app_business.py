"""The business's pages before a played agent: seen, by keyboard, by pointer, and without it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.app_stage import DESKTOP, PHONE, Stage, on_stage, to
from browser.test_app_pages import LOOKS, wrong_with

BUSINESS = "?business"
PAGES = {
    "business_inbox": BUSINESS,
    "business_conversation": BUSINESS + to("ben"),
    "business_plan": BUSINESS + "#/plan",
    "business_guests": BUSINESS + "#/guests",
    "business_guest": BUSINESS + "#/guests/k2",
    "business_waiting": BUSINESS + "#/waiting",
    "business_figures": BUSINESS + "#/figures",
    "business_house": BUSINESS + "#/house",
    "business_hours": BUSINESS + "#/house/hours",
    "business_tables": BUSINESS + "#/house/tables",
    "business_services": BUSINESS + "#/house/services",
    "business_words": BUSINESS + "#/house/words",
    "business_salon_house": "?business=salon#/house",
    "business_salon_tables": "?business=salon#/house/tables",
    "business_salon_services": "?business=salon#/house/services",
    "business_profile": BUSINESS + "#/house/profile",
    "business_profile_public": "?business=public#/house/profile",
    "business_paper": "?business=public#/house/poster",
    "business_paper_none": "?business#/house/poster",
    "business_profile_staff": "?business=staff#/house/profile",
    "business_new_plan": "?business=new#/plan",
    "business_new_guests": "?business=new#/guests",
    "business_new_waiting": "?business=new#/waiting",
    "business_new_figures": "?business=new#/figures",
    "business_new_tables": "?business=new#/house/tables",
    "business_new_profile": "?business=new#/house/profile",
    "business_away": "?business=away#/plan",
    "business_away_house": "?business=away#/house",
    "business_away_profile": "?business=away#/house/profile",
}


def week(page: Page) -> None:
    page.get_by_role("radio", name="Woche").check(force=True)
    page.get_by_role("button", name=re.compile("heute|Gäste")).first.wait_for()


def grid(page: Page) -> None:
    page.get_by_role("radio", name="Tag", exact=True).check(force=True)
    page.get_by_role("region", name="Tische und Zeiten").wait_for()


def booking(page: Page) -> None:
    page.get_by_role("button", name="Petra Sommer").first.click()
    page.get_by_role("button", name="Verschieben").wait_for()


def moving(page: Page) -> None:
    booking(page)
    page.get_by_role("button", name="Verschieben").click()
    page.get_by_label("Uhrzeit").wait_for()


def ring_up(page: Page) -> None:
    page.get_by_role("button", name="Neue Reservierung").click()
    page.get_by_role("radio").last.wait_for(state="attached")


def block(page: Page) -> None:
    page.get_by_role("button", name="Zeit sperren").click()


def notes(page: Page) -> None:
    page.get_by_role("button", name="1 Notiz").click()


def quick(page: Page) -> None:
    page.get_by_role("button", name="Schnellantworten").click()


def assigning(page: Page) -> None:
    page.get_by_role("button", name="Kümmert sich").click()


def erasing(page: Page) -> None:
    page.get_by_role("button", name="Löschen Name").click()


def at_the_door(page: Page) -> None:
    page.get_by_role("button", name="Jemand kam herein").click()


def on_the_list(page: Page) -> None:
    page.get_by_role("button", name="Auf die Liste setzen").click()


def wrong_hours(page: Page) -> None:
    page.get_by_label("Dienstag, öffnet").fill("früh")
    page.get_by_text("keine Uhrzeit").wait_for()


def wrong_words(page: Page) -> None:
    page.get_by_label("Auf Deutsch").first.fill("Ab {opens}")
    page.get_by_text("kann nichts eingesetzt werden").wait_for()


def wrong_services(page: Page) -> None:
    page.get_by_text("Regeln").click()
    page.get_by_label("Buchbar … Tage voraus").fill("0")
    page.get_by_text("ganze Zahl von 1 bis 730").wait_for()


def merging(page: Page) -> None:
    page.get_by_role("button", name="Mit einem anderen Eintrag zusammenführen").click()
    page.get_by_role("dialog").get_by_role("button", name="Ida Roth").click()
    page.get_by_role("button", name="Endgültig zusammenführen").wait_for()


def not_merging(page: Page) -> None:
    page.evaluate(
        "() => { const { agent } = stage.device; agent.guests = agent.guests.map((one) =>"
        " ['k2', 'k3'].includes(one.id) ? { ...one, conversation: '0' + one.id } : one); }"
    )
    page.evaluate("() => { location.hash = '#/guests'; location.hash = '#/guests/k2'; }")
    page.get_by_role("button", name="Zur Unterhaltung").wait_for()
    page.get_by_role("button", name="Mit einem anderen Eintrag zusammenführen").click()
    page.get_by_role("dialog").get_by_role("button", name="Familie Novak").click()
    page.get_by_text("Sie bleiben zwei Gäste").wait_for()


def combining(page: Page) -> None:
    page.get_by_role("button", name="Tische zusammenstellen").click()


def as_a_table(page: Page) -> None:
    page.get_by_role("button", name="Als Tabelle").click()


def lacking(page: Page) -> None:
    page.get_by_label("E-Mail").first.fill("post@linde.example")
    page.get_by_role("button", name="Veröffentlichen").click()
    page.get_by_text("Ohne das kann es nicht").first.wait_for()


def sharing(page: Page) -> None:
    page.get_by_role("button", name="Link, QR-Code, Plakat").click()
    page.get_by_label("Eine Nachricht, die schon dasteht").fill("Ein Tisch für zwei, bitte")


def withdrawing(page: Page) -> None:
    page.get_by_role("button", name="Profil zurückziehen").click()


OVER_PAGES = {
    "business_week": ("#/plan", week),
    "business_grid": ("#/plan", grid),
    "business_booking": ("#/plan", booking),
    "business_moving": ("#/plan", moving),
    "business_ring_up": ("#/plan", ring_up),
    "business_block": ("#/plan", block),
    "business_notes": (to("ben"), notes),
    "business_quick": (to("ben"), quick),
    "business_assigning": (to("ben"), assigning),
    "business_erasing": ("#/guests/k2", erasing),
    "business_door": ("#/waiting", at_the_door),
    "business_list": ("#/waiting", on_the_list),
    "business_wrong_hours": ("#/house/hours", wrong_hours),
    "business_wrong_words": ("#/house/words", wrong_words),
    "business_combining": ("#/house/tables", combining),
    "business_wrong_services": ("#/house/services", wrong_services),
    "business_merging": ("#/guests/k2", merging),
    "business_not_merging": ("#/guests/k2", not_merging),
    "business_table": ("#/figures", as_a_table),
    "business_profile_lacking": ("#/house/profile", lacking),
}

PROFILE = "?business=public#/house/profile"
OVER_PROFILE = {
    "business_profile_sharing": sharing,
    "business_profile_withdrawing": withdrawing,
}


def cut_titles(stage: Stage) -> list[str]:
    found: list[str] = stage.page.eval_on_selector_all(
        ".pane-header h1",
        "all => all.filter((one) => one.scrollWidth > one.clientWidth"
        " || one.scrollHeight > one.clientHeight).map((one) => one.textContent)",
    )
    return found


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_page_of_a_business(
    app_site: str, browser: Browser, size: tuple[int, int], scheme: str
) -> None:
    wrong: list[str] = []
    for name, address in PAGES.items():
        with on_stage(browser, app_site + address, size=size, scheme=scheme) as stage:
            wrong += wrong_with(stage, f"{name}-{size[0]}-{scheme}")
            if size == PHONE:
                wrong += [f"{name}: the title is cut off: {one}" for one in cut_titles(stage)]
    assert wrong == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_everything_above_the_pages_of_a_business(
    app_site: str, browser: Browser, size: tuple[int, int], scheme: str
) -> None:
    wrong: list[str] = []
    for name, (address, show) in OVER_PAGES.items():
        with on_stage(browser, app_site + BUSINESS + address, size=size, scheme=scheme) as stage:
            show(stage.page)
            wrong += wrong_with(stage, f"{name}-{size[0]}-{scheme}")
    assert wrong == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_everything_above_a_public_profile(
    app_site: str, browser: Browser, size: tuple[int, int], scheme: str
) -> None:
    wrong: list[str] = []
    for name, show in OVER_PROFILE.items():
        with on_stage(browser, app_site + PROFILE, size=size, scheme=scheme) as stage:
            show(stage.page)
            wrong += wrong_with(stage, f"{name}-{size[0]}-{scheme}")
    assert wrong == []


@pytest.mark.parametrize("language", ["de-DE", "en-GB"])
def test_a_narrow_profile_is_looked_at_before_it_is_public(
    app_site: str, browser: Browser, language: str
) -> None:
    address = app_site + BUSINESS + "#/house/profile"
    with on_stage(browser, address, size=PHONE, language=language) as stage:
        stage.page.get_by_role(
            "button", name="Vorschau" if language == "de-DE" else "Preview"
        ).click()
        expect(stage.page.get_by_role("dialog")).to_contain_text("Zur Linde Gastronomie GmbH")
        assert wrong_with(stage, f"business_profile_preview-{language}") == []


def tomorrow(stage: Stage) -> Page:
    """The plan of the next day on which the Linde is open in the evening."""
    page = stage.page
    page.evaluate(
        """() => {
            const day = new Date();
            do day.setDate(day.getDate() + 1); while ([0, 1].includes(day.getDay()));
            location.hash = `#/plan/${day.toISOString().slice(0, 10)}`;
        }"""
    )
    page.get_by_role("button", name="Ben Weber").wait_for()
    return page


def test_a_booking_is_moved_by_keyboard_alone(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/plan", size=DESKTOP) as stage:
        page = tomorrow(stage)
        said = page.locator("p[aria-live=assertive]")
        page.get_by_role("button", name="Ben Weber").focus()
        page.keyboard.press("m")
        expect(said).to_contain_text("Ben Weber wird verschoben")
        page.keyboard.press("ArrowDown")
        expect(said).to_contain_text("schon belegt")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(said).to_contain_text("Tisch 3, 17:30 bis 19:00")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(said).to_contain_text("Tisch 1, 17:30 bis 19:00, frei")
        page.keyboard.press("Enter")
        expect(said).to_contain_text("Ben Weber ist jetzt hier: Tisch 1, 17:30 bis 19:00")
        moved = page.get_by_role("button", name="Ben Weber, 2 Gäste, 17:30 bis 19:00")
        expect(moved).to_be_focused()
        page.keyboard.press("m")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        expect(said).to_contain_text("bleibt")
        expect(moved).to_be_focused()
        assert stage.complaints == []


def test_arrows_walk_and_enter_opens(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/plan", size=DESKTOP) as stage:
        page = tomorrow(stage)
        page.get_by_role("button", name="Ben Weber").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("button", name="Yilmaz")).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Yilmaz").wait_for()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Yilmaz")).to_be_focused()
        assert stage.complaints == []


def test_a_booking_is_dragged(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/plan", size=DESKTOP) as stage:
        page = tomorrow(stage)
        piece = page.get_by_role("button", name="Ben Weber")
        box = piece.bounding_box()
        target = page.locator("[data-resource='Tisch 8'] .track").bounding_box()
        assert box is not None
        assert target is not None
        page.mouse.move(box["x"] + 20, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
        page.mouse.move(box["x"] + 20, target["y"] + 10, steps=4)
        expect(page.locator(".ghost")).to_contain_text("18:00")
        page.keyboard.press("Escape")
        expect(page.locator(".ghost")).to_have_count(0)
        page.mouse.up()
        expect(page.get_by_role("dialog")).to_have_count(0)

        hour = target["width"] / page.locator(".hours span:not(.now-time)").count()
        page.mouse.move(box["x"] + 20, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] + 20 - hour / 2, box["y"] + 10, steps=6)
        expect(page.locator(".ghost")).to_contain_text("17:30")
        page.mouse.up()
        page.get_by_role("button", name="Ben Weber, 2 Gäste, 17:30").wait_for()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert stage.complaints == []


def test_who_was_too_late_is_told_and_sees_the_present(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/plan", size=DESKTOP) as stage:
        page = tomorrow(stage)
        page.evaluate("() => stage.device.agent.refusing.set('bookings.move', 'outdated')")
        page.get_by_role("button", name="Ben Weber").focus()
        for key in ("m", "ArrowLeft", "Enter"):
            page.keyboard.press(key)
        page.get_by_text("Jemand hat diese Reservierung inzwischen geändert").wait_for()
        page.get_by_role("button", name="Ben Weber, 2 Gäste, 18:00").wait_for()


def test_a_booking_made_in_the_chat_appears_at_once(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/plan", size=DESKTOP) as stage:
        page = tomorrow(stage)
        page.evaluate(
            """() => {
                const [day] = location.hash.match(/\\d{4}-\\d\\d-\\d\\d/);
                stage.device.agent.guestBooks({
                    underName: 'Neuer Gast', resources: ['Tisch 4'],
                    startsAtS: Date.parse(`${day}T20:30:00Z`) / 1000,
                    endsAtS: Date.parse(`${day}T21:30:00Z`) / 1000,
                });
            }"""
        )
        page.get_by_role("button", name="Neuer Gast").wait_for(timeout=1500)


def test_somebody_who_rang_up_is_booked(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/plan", size=PHONE) as stage:
        page = tomorrow(stage)
        page.get_by_role("button", name="Neue Reservierung").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Einer mehr").click()
        dialog.get_by_role("button", name="Reservieren").click()
        dialog.get_by_text("Wähle zuerst eine Zeit").wait_for()
        dialog.get_by_role("radio", name="20:30").check(force=True)
        dialog.get_by_label("Name").fill("Theo Rang-An")
        dialog.get_by_label("Telefon").fill("030 123")
        dialog.get_by_role("button", name="Reservieren").click()
        page.get_by_text("Theo Rang-An ist für 20:30 eingetragen").wait_for()
        page.get_by_role("button", name="Theo Rang-An").wait_for()
        assert stage.complaints == []


def test_the_inbox_is_narrowed_and_a_conversation_taken(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS, size=DESKTOP) as stage:
        page = stage.page
        page.get_by_role("radio", name="Meine").check(force=True)
        rows = page.locator("button.line")
        expect(rows).to_have_count(1)
        rows.first.click()
        page.get_by_text("Cem antwortet gerade").wait_for()
        page.get_by_role("button", name="Kümmert sich").click()
        page.get_by_role("menuitem", name="Olga").click()
        page.get_by_text("Niemand wartet auf dich").wait_for()
        page.get_by_role("button", name="Schnellantworten").click()
        page.get_by_role("button", name="Hunde").first.click()
        expect(page.locator("textarea")).to_have_value(re.compile("Terrasse"))
        assert stage.complaints == []


def test_a_guest_is_erased_after_a_question(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/guests", size=PHONE) as stage:
        page = stage.page
        page.get_by_role("searchbox").fill("petra")
        page.get_by_role("button", name="Petra Sommer").click()
        page.get_by_role("button", name="Löschen Name").click()
        page.get_by_role("button", name="Endgültig löschen").click()
        page.get_by_text("6 Einträge gelöscht").wait_for()
        page.get_by_text("Kein Gast heißt").wait_for()
        expect(page.get_by_role("button", name="Petra Sommer")).to_have_count(0)


def test_hours_past_midnight_are_seen_ahead_and_saved(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/house/hours", size=DESKTOP) as stage:
        page = stage.page
        page.get_by_label("Dienstag, schließt").fill("2:00")
        page.get_by_text("bis zum nächsten Tag").wait_for()
        ahead = page.get_by_role("region", name="Die nächsten vier Wochen")
        ahead.get_by_text("17:30–02:00").first.wait_for()
        page.get_by_role("button", name="Speichern").click()
        page.get_by_text("Gespeichert. Es gilt ab jetzt.").wait_for()
        expect(page.get_by_role("button", name="Speichern")).to_have_count(0)
        assert stage.complaints == []


def test_what_the_house_says_by_itself_is_written_and_saved(
    app_site: str, browser: Browser
) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/house", size=DESKTOP) as stage:
        page = stage.page
        page.get_by_role("button", name="Begrüßung und Abwesenheit").click()
        expect(page.get_by_label("Auf Deutsch").last).to_have_value(
            "Wir sind am {opens} wieder da."
        )
        greeting = page.get_by_label("Auf Deutsch").first
        greeting.fill("Ab {opens}")
        expect(greeting).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("button", name="Speichern")).to_be_disabled()
        greeting.fill("Willkommen bei uns!")
        page.get_by_label("Auf Englisch").last.fill("Back on {opens}.")
        page.get_by_role("button", name="Speichern").click()
        page.get_by_text("Gespeichert. Es gilt ab jetzt.").wait_for()
        expect(page.get_by_role("button", name="Speichern")).to_have_count(0)
        said = page.evaluate("() => stage.device.agent.view")
        assert said["greeting"] == {"de": "Willkommen bei uns!", "en": ""}
        assert said["away"]["en"] == "Back on {opens}."
        assert stage.complaints == []


def test_without_the_agent_what_was_known_can_be_read(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/plan", size=DESKTOP) as stage:
        page = tomorrow(stage)
        page.evaluate("() => stage.device.agent.turn(false)")
        page.get_by_text("Dein Agent war zuletzt").wait_for()
        expect(page.get_by_role("button", name="Ben Weber")).to_be_visible()
        page.evaluate("() => stage.device.agent.turn(true)")
        page.get_by_text("Dein Agent war zuletzt").wait_for(state="detached")


def test_a_person_sees_nothing_of_it(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + "#/plan", size=DESKTOP) as stage:
        stage.page.get_by_role("heading", name="Unterhaltungen").wait_for()
        expect(stage.page.get_by_role("navigation", name="Betrieb")).to_have_count(0)


def test_how_long_a_booking_takes_stands_in_columns(app_site: str, browser: Browser) -> None:
    address = app_site + PAGES["business_services"]
    for size in (PHONE, DESKTOP):
        with on_stage(browser, address, size=size) as stage:
            minutes = stage.page.get_by_label("Minuten", exact=True)
            minutes.first.wait_for()
            assert minutes.count() > 1
            assert len({box["x"] for one in minutes.all() if (box := one.bounding_box())}) == 1


@pytest.mark.parametrize("path", ["#/plan", "#/house/hours"])
def test_a_page_that_does_not_come_says_so_and_is_asked_for_again(
    browser: Browser, app_site: str, path: str
) -> None:
    """As on a bad line, before the browser keeps the whole app."""
    part = re.compile(r"/(PlanPage|HoursPage)")
    with on_stage(browser, app_site + BUSINESS + "#/house", size=PHONE) as stage:
        page = stage.page
        page.route(part, lambda route: route.abort())
        page.evaluate("(hash) => { location.hash = hash; }", path)
        missing = page.get_by_role("alert").filter(has_text="Diese Seite ist nicht angekommen.")
        expect(missing).to_be_visible()
        page.unroute(part)
        missing.get_by_role("button", name="Noch einmal versuchen").click()
        expect(missing).to_have_count(0)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        stage.complaints.clear()  # what the browser itself says of the part
