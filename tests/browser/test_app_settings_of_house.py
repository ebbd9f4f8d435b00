"""Services are set, records merged and people named in the web app, before a played agent."""

import pytest
from playwright.sync_api import Browser, expect

from browser.app_stage import DESKTOP, PHONE, on_stage
from browser.test_app_business import BUSINESS, merging

SALON = "?business=salon"


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_service_is_added_with_who_does_it(
    app_site: str, browser: Browser, size: tuple[int, int]
) -> None:
    address = app_site + SALON + "#/house/services"
    with on_stage(browser, address, size=size) as stage:
        page = stage.page
        page.get_by_role("button", name="Leistung hinzufügen").click()
        expect(page.get_by_text("Eine Zeile stimmt noch nicht")).to_be_visible()
        name = page.get_by_label("Name, wie Gäste ihn lesen").last
        expect(name).to_be_focused()
        name.fill("Damenhaarschnitt")
        page.get_by_text("Diesen Namen gibt es schon").wait_for()
        name.fill("Bartpflege")
        added = page.get_by_role("region", name="Bartpflege")
        added.get_by_label("Minuten", exact=True).fill("20")
        added.get_by_label("Minuten danach frei").fill("5")
        added.get_by_role("switch", name="Alle Personen").click()
        added.get_by_text("Wähle mindestens eine Zeile").wait_for()
        added.get_by_label("Jonas").check()
        page.get_by_role("button", name="Speichern").click()
        page.get_by_text("Gespeichert.").wait_for()
        saved = page.evaluate("() => stage.device.agent.view.services.at(-1)")
        assert saved["identifier"] == "bartpflege"
        assert saved["turnTimes"] == [{"partyMax": 1, "minutes": 20}]
        assert (saved["bufferAfterMinutes"], saved["resources"]) == (5, ["Jonas"])
        expect(page.get_by_role("button", name="Speichern")).to_have_count(0)
        assert stage.complaints == []


def test_how_many_begin_at_once_is_set(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/house/services", size=PHONE) as stage:
        page = stage.page
        page.get_by_text("Regeln").click()
        page.get_by_label("Erinnerung … Minuten vorher").fill("120")
        page.get_by_role("switch", name="Nicht zu viele auf einmal").click()
        page.get_by_label("So viele Gäste darin").fill("1")
        page.get_by_text("Die größte Gruppe ist größer").wait_for()
        page.get_by_label("So viele Gäste darin").fill("40")
        page.get_by_role("button", name="Speichern").click()
        page.get_by_text("Gespeichert.").wait_for()
        saved = page.evaluate("() => stage.device.agent.view.services.at(-1)")
        assert saved["pacing"] == {"slotMinutes": 30, "maxCovers": 40}
        assert saved["reminderMinutes"] == 120
        assert stage.complaints == []


def test_a_refusal_of_the_agent_is_told_and_nothing_typed_is_lost(
    app_site: str, browser: Browser
) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/house/services", size=DESKTOP) as stage:
        page = stage.page
        page.evaluate(
            "() => stage.device.agent.refusing.set('business.setServices', 'not_allowed')"
        )
        page.get_by_label("Name, wie Gäste ihn lesen").fill("Abendessen")
        page.get_by_role("button", name="Speichern").click()
        page.get_by_text("Das darf nur, wem der Betrieb gehört").wait_for()
        expect(page.get_by_label("Name, wie Gäste ihn lesen")).to_have_value("Abendessen")


def test_two_records_of_one_person_become_one(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + BUSINESS + "#/guests/k2", size=PHONE) as stage:
        page = stage.page
        merging(page)
        dialog = page.get_by_role("dialog")
        result = dialog.get_by_role("group", name="Der Eintrag danach")
        expect(result).to_contain_text("Petra Sommer")
        expect(result).to_contain_text("Nussallergie")
        page.get_by_role("button", name="Endgültig zusammenführen").click()
        page.get_by_text("Zusammengeführt.").wait_for()
        expect(dialog).to_have_count(0)
        page.get_by_role("heading", name="Petra Sommer").wait_for()
        left = page.evaluate("() => stage.device.agent.guests.map(({ name }) => name)")
        assert "Ida Roth" not in left
        assert stage.complaints == []


def test_who_is_staff_merges_nobody(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + "?business=staff#/guests/k2", size=DESKTOP) as stage:
        page = stage.page
        page.get_by_role("heading", name="Petra Sommer").wait_for()
        expect(page.get_by_role("button", name="zusammenführen")).to_have_count(0)


def test_what_is_no_table_is_called_what_it_is(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + SALON + "#/house", size=DESKTOP) as stage:
        page = stage.page
        page.get_by_role("button", name="Personen 4 Personen").wait_for()
        for part in ("#/house", "#/house/tables", "#/house/services", "#/plan", "#/waiting"):
            page.evaluate("(part) => { location.hash = part; }", part)
            stage.settle()
            expect(page.locator("#app")).not_to_contain_text("Tische")
            expect(page.locator("#app")).not_to_contain_text("Am Tisch")
        assert stage.complaints == []
