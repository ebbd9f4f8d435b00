"""Every page of the app, small and light, large and dark: no complaints, and axe finds nothing.

With PLAUSCH_SHOTS=FOLDER each is kept as a picture, small and dark, large and light ones too.
"""

import base64

import pytest
from playwright.sync_api import Browser, Page

from browser.app_stage import DESKTOP, PHONE, SHOTS, Stage, on_stage, to


def join_code(group: str) -> str:
    """What an invitation link has behind the admin's name: the group, and a secret."""
    return base64.urlsafe_b64encode(bytes.fromhex(group * 16) + bytes(16)).decode().rstrip("=")


OTHERS, OWN = join_code("2c"), join_code("0c")

PAGES = {
    "start": "?new",
    "start_by_link": "linde?new",
    "list": "",
    "list_empty": "?empty",
    "restaurant": to("linde"),
    "friend": to("ben"),
    "group": to("group"),
    "request": to("request"),
    "changed_identity": "?offline" + to("changed"),
    "left": to("left"),
    "contact": to("ben", "/details"),
    "contact_changed": to("changed", "/details"),
    "group_details": to("group", "/details"),
    "member": to("member"),
    "member_details": to("member", "/details"),
    "asking": to("asking"),
    "join": f"#/join/olga/{OTHERS}",
    "join_in": f"#/join/olga/{OWN}",
    "join_own": f"#/join/anna/{OWN}",
    "join_start": f"?new#/join/olga/{OTHERS}",
    "settings": "#/settings",
    "devices": "#/settings/devices",
    "recovery": "#/settings/recovery",
    "missing_history": "?history=failed#/settings/recovery",
    "missing_file": "?history=file#/settings/recovery",
    "privacy": "#/settings/privacy",
    "about": "#/settings/about",
}


def new_conversation(page: Page) -> None:
    page.get_by_role("button", name="Neue Unterhaltung").first.click()


def new_group(page: Page) -> None:
    new_conversation(page)
    page.get_by_role("button", name="Gruppe gründen").click()


def finding(page: Page) -> None:
    new_conversation(page)
    page.get_by_role("button", name="Betrieb finden").click()


def found_businesses(page: Page) -> None:
    finding(page)
    page.get_by_label("Ort oder PLZ").fill("Augsburg")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Zur Linde").wait_for()


def found_nobody(page: Page) -> None:
    finding(page)
    page.get_by_label("Name", exact=True).fill("niemand")
    page.keyboard.press("Enter")
    page.get_by_text("Nichts gefunden").wait_for()


def for_a_business(page: Page) -> None:
    page.get_by_role("button", name="Konto für einen Betrieb").click()
    page.get_by_label("Name des Betriebs").fill("Zur Linde")


def own_link(page: Page) -> None:
    new_conversation(page)
    page.get_by_role("button", name="Meinen Link").click()


def found(page: Page) -> None:
    page.get_by_role("searchbox").fill("lichter")
    page.get_by_text("Nachrichten", exact=True).wait_for()


def message_menu(page: Page) -> None:
    message = page.get_by_role("article").filter(has_text="im Keller")
    message.focus()
    page.keyboard.press("Enter")


def emoji(page: Page) -> None:
    page.get_by_role("button", name="Emoji", exact=True).click()
    page.get_by_role("button", name="grinsendes Gesicht", exact=True).wait_for()


def forwarding(page: Page) -> None:
    message_menu(page)
    page.get_by_role("menuitem", name="Weiterleiten").click()


def selecting(page: Page) -> None:
    message_menu(page)
    page.get_by_role("menuitem", name="Auswählen").click()


def reporting(page: Page) -> None:
    page.get_by_role("article").filter(has_text="Schönes Wetter").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Melden").click()
    page.get_by_text("Spam oder Betrug").click()


def reporting_person(page: Page) -> None:
    page.get_by_role("button", name="melden").click()
    page.get_by_role("switch", name="auch blockieren").wait_for()


def reporting_stranger(page: Page) -> None:
    page.get_by_role("button", name="Melden", exact=True).click()
    page.get_by_role("switch", name="auch blockieren", checked=True).wait_for()


def picture(page: Page) -> None:
    page.get_by_role("button", name="Bild see.jpg").click()


def help_sheet(page: Page) -> None:
    page.get_by_role("button", name="Tastenkürzel").click()


def without_history(page: Page) -> None:
    page.get_by_role("button", name="Ohne sie weitermachen").click()
    page.get_by_role("dialog").wait_for()


def group_link(page: Page) -> None:
    page.get_by_role("button", name="Einladungslink").click()
    page.get_by_role("button", name="Link machen").wait_for()


def group_link_on(page: Page) -> None:
    group_link(page)
    page.get_by_role("button", name="Link machen").click()
    page.get_by_role("button", name="Link kopieren").wait_for()


def member_menu(page: Page) -> None:
    page.get_by_role("button", name="Aktionen für mia").click()
    page.get_by_role("menu").wait_for()


def expelling(page: Page) -> None:
    member_menu(page)
    page.get_by_role("menuitem", name="mia entfernen").click()
    page.get_by_role("dialog").wait_for()


def leaving(page: Page) -> None:
    page.get_by_role("button", name="Gruppe verlassen").click()
    page.get_by_role("dialog").wait_for()


def renaming(page: Page) -> None:
    page.get_by_role("button", name="Umbenennen").click()
    page.get_by_role("button", name="Speichern").wait_for()


def declining(page: Page) -> None:
    page.get_by_role("article").get_by_role("button", name="Ablehnen").click()
    page.get_by_role("dialog").wait_for()


def safety(page: Page) -> None:
    page.get_by_role("button", name="Sicherheitsnummer").click()
    page.get_by_role("button", name="QR-Code zeigen").click()


def offer(page: Page) -> None:
    page.get_by_role("article").get_by_role("button", name="Tisch reservieren").click()
    page.get_by_role("button", name="19:30").wait_for()


def booked(page: Page) -> None:
    offer(page)
    page.get_by_role("button", name="19:30").click()
    page.get_by_text("Bestätigt", exact=True).wait_for()


def recovery_key(page: Page) -> None:
    make = page.get_by_role("button", name="Wiederherstellungsschlüssel anlegen", exact=True)
    make.click()
    page.get_by_role("dialog").get_by_role(
        "button", name="Wiederherstellungsschlüssel anlegen", exact=True
    ).click()
    page.locator(".key").wait_for()


def recovery_asked(page: Page) -> None:
    recovery_key(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ja, schließen").wait_for()


def linking(page: Page) -> None:
    page.get_by_role("button", name="Neues Gerät verbinden").click()
    page.get_by_role("dialog").wait_for()


def linking_by_code(page: Page) -> None:
    linking(page)
    page.get_by_role("button", name="Hier einen Code zeigen").click()
    page.get_by_label("Code für das andere Gerät", exact=True).wait_for()


def linking_asked(page: Page) -> None:
    linking(page)
    page.get_by_label("Oder seinen Link einfügen").fill("https://plausch.example/#/link/AAAA")
    page.get_by_role("button", name="Verbinden", exact=True).click()
    page.get_by_role("button", name="Ja, verbinden").wait_for()


def linked(page: Page) -> None:
    linking_asked(page)
    page.locator("#link-digits").fill("314159")
    page.get_by_role("button", name="Ja, verbinden").click()
    page.locator(".good").wait_for()


def account_here(page: Page) -> None:
    page.get_by_role("button", name="Ich habe ein Konto").click()
    page.get_by_label("Code für das andere Gerät", exact=True).wait_for()


def restoring(page: Page) -> None:
    account_here(page)
    page.get_by_role("button", name="Alle meine Geräte sind weg").click()
    page.get_by_label("Name deines Kontos").wait_for()


def backup_found(page: Page) -> None:
    restoring(page)
    page.get_by_label("Name deines Kontos").fill("anna")
    page.get_by_label("Wiederherstellungsschlüssel", exact=True).fill("2A4C 6E8G")
    page.get_by_role("button", name="Sicherung suchen").click()
    page.get_by_text("Sicherung von anna@").wait_for()


OVER_PAGES = {
    "new_conversation": ("", new_conversation),
    "new_group": ("", new_group),
    "finding": ("", finding),
    "found_businesses": ("", found_businesses),
    "found_nobody": ("", found_nobody),
    "for_a_business": ("?new", for_a_business),
    "own_link": ("", own_link),
    "found": ("", found),
    "message_menu": (to("group"), message_menu),
    "emoji": (to("group"), emoji),
    "forwarding": (to("group"), forwarding),
    "selecting": (to("group"), selecting),
    "reporting": (to("group"), reporting),
    "reporting_person": (to("ben", "/details"), reporting_person),
    "reporting_stranger": (to("request"), reporting_stranger),
    "picture": (to("ben"), picture),
    "help": ("#/settings", help_sheet),
    "recovery_key": ("#/settings/recovery", recovery_key),
    "recovery_asked": ("#/settings/recovery", recovery_asked),
    "linking": ("#/settings/devices", linking),
    "linking_by_code": ("#/settings/devices", linking_by_code),
    "linking_asked": ("#/settings/devices", linking_asked),
    "linked": ("#/settings/devices", linked),
    "account_here": ("?new", account_here),
    "restoring": ("?new", restoring),
    "backup_found": ("?new", backup_found),
    "safety": (to("ben", "/details"), safety),
    "without_history": ("?history=failed#/settings/recovery", without_history),
    "group_link": (to("group", "/details"), group_link),
    "group_link_on": (to("group", "/details"), group_link_on),
    "member_menu": (to("group", "/details"), member_menu),
    "expelling": (to("group", "/details"), expelling),
    "leaving": (to("group", "/details"), leaving),
    "renaming": (to("group", "/details"), renaming),
    "declining": (to("asking"), declining),
    "offer": (to("linde"), offer),
    "booked": (to("linde"), booked),
}
LOOKS = [
    pytest.param(size, scheme, id=f"{size[0]}-{scheme}")
    for size in (PHONE, DESKTOP)
    for scheme in ("light", "dark")
    if SHOTS or (size is PHONE) == (scheme == "light")
]
"""Either size and either scheme are seen; all four together when somebody looks at pictures."""


def wrong_with(stage: Stage, picture: str) -> list[str]:
    """Everything that is not as it should be, with the page's name before it."""
    stage.settle()
    stage.shoot(picture)
    return [f"{picture}: {one}" for one in (*stage.violations(), *stage.complaints)]


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_page(app_site: str, browser: Browser, size: tuple[int, int], scheme: str) -> None:
    wrong: list[str] = []
    for name, address in PAGES.items():
        with on_stage(browser, app_site + address, size=size, scheme=scheme) as stage:
            wrong += wrong_with(stage, f"{name}-{size[0]}-{scheme}")
    assert wrong == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_everything_above_the_pages(
    app_site: str, browser: Browser, size: tuple[int, int], scheme: str
) -> None:
    wrong: list[str] = []
    for name, (address, show) in OVER_PAGES.items():
        with on_stage(browser, app_site + address, size=size, scheme=scheme) as stage:
            show(stage.page)
            wrong += wrong_with(stage, f"{name}-{size[0]}-{scheme}")
    assert wrong == []


def test_english(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + "#/settings", language="en-GB") as stage:
        assert stage.page.locator("html").get_attribute("lang") == "en"
        stage.page.get_by_role("heading", name="Settings").wait_for()
        stage.page.get_by_role("radio", name="Deutsch").check()
        stage.page.get_by_role("heading", name="Einstellungen").wait_for()
        assert stage.page.locator("html").get_attribute("lang") == "de"
        stage.page.reload()
        stage.page.get_by_role("heading", name="Einstellungen").wait_for()
        assert stage.complaints == []
