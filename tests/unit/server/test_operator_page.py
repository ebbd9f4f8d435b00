"""The operator's page: what is on it, and that nothing that somebody wrote breaks out of it."""

import pytest

from page_reader import ReadPage
from plausch.server.administration import Shown
from plausch.server.operator_page import (
    POLICY,
    STYLE,
    TOKEN_FIELD,
    Counted,
    OperatorPage,
    Overview,
    doorstep,
)
from plausch.server.store.allowance import OF_ACCOUNTS, Drawn, Kind
from plausch.server.store.overview import AccountRow, Totals
from plausch.server.store.regime import RegimeRow
from plausch.server.store.report import ReportRow

HOSTILE = "</title></style></q>\"'><script>alert(1)</script><img src=x onerror=alert(1)><!--{0}{x}"
TOTALS = Totals(
    1234, 56, 7, 3, 2000, 1500, 900, 1_234_567, 98_765_432, 10, 999, 1, 2, 4, 5, 6, 77, 88_888
)
COUNTED = Counted(TOTALS, 1_800_000_000_000)
ANNA = AccountRow(7, "anna", "person", 1_800_000_000_000, 2, 1_800_000_060_000, 3, 4096, True, 0, 0)
DEVICE = "mimi://localhost/d/anna/0123456789abcdef"


def page(language: str = "en", folder: str = "/var/lib/plausch") -> OperatorPage:
    return OperatorPage(language, "/base", "the-form-token", folder)


def seen(
    regime: RegimeRow | None = None,
    accounts: list[AccountRow] | None = None,
    counted: Counted = COUNTED,
    **more: object,
) -> Overview:
    listed = [ANNA] if accounts is None else accounts
    return Overview(counted, regime or RegimeRow(), listed, **more)  # type: ignore[arg-type]


def test_the_first_page_in_both_languages() -> None:
    english, german = (ReadPage(page(one).overview(seen())) for one in ("en", "de"))
    for said in (
        "1,234",
        "1,234,567",
        "88,888",
        "98.8 MB",
        "999 B",
        "Open: 5",
        "No maintenance",
        "anna",
    ):
        assert said in english.text, said
    for said in ("1.234", "1.234.567", "98,8 MB", "999 B", "Offen: 5", "Keine Wartung", "anna"):
        assert said in german.text, said
    assert [one["lang"] for one in german.named("html")] == ["de"]
    assert english.named("script") == []


def test_a_maintenance_can_be_changed_and_ended() -> None:
    row = RegimeRow(1, 1_800_000_000_000, 1_800_003_600_000, "Wir ziehen um.")
    found = ReadPage(page().overview(seen(row)))
    assert "Maintenance since" in found.text
    assert "Wir ziehen um." in found.text
    times = [one["datetime"] for one in found.named("time")]
    assert times[:2] == ["2027-01-15T08:00Z", "2027-01-15T09:00Z"]
    actions = [one["action"] for one in found.named("form")]
    assert actions == ["/base/maintenance/off", "/base/maintenance/on", "/base/"]


def test_every_form_that_changes_something_has_the_visits_token() -> None:
    row = RegimeRow(1, 5, 0, "")
    pages = [page().overview(seen(row)), page().account(Shown(ANNA, ()))]
    for html in pages:
        for form in html.split("<form")[1:]:
            inside = form.partition("</form>")[0]
            has_token = f'name="{TOKEN_FIELD}" value="the-form-token"' in inside
            assert has_token == ('method="post"' in inside)


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_that_somebody_wrote_breaks_out(language: str) -> None:
    row = ANNA._replace(name=HOSTILE)
    regime = RegimeRow(1, 5, 6, HOSTILE)
    report = ReportRow(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 5, 0, 2)
    hostile = OperatorPage(language, "/base", HOSTILE, HOSTILE)
    typed = (HOSTILE, HOSTILE)
    more = {"part": HOSTILE, "older": 9}
    pages = [
        hostile.overview(seen(regime, [row], **more)),
        hostile.overview(seen(regime, [row], Counted(None, 1), wrong="bad_words", typed=typed)),
        hostile.account(Shown(row, ((DEVICE, 1, 2),))),
        hostile.account(Shown(row._replace(suspended_ms=5), ())),
        hostile.reports([report]),
        doorstep(language, "doorstep_none", HOSTILE),
    ]
    for html in pages:
        found = ReadPage(html)
        assert found.named("script") == found.named("img") == []
        assert {name for _, given in found.elements for name in given} <= {
            "accept-charset", "action", "aria-current", "autocapitalize", "autocomplete", "charset",
            "class", "content", "datetime", "href", "inputmode", "lang", "maxlength", "method",
            "name", "open", "rel", "role", "spellcheck", "type", "value",
        }  # fmt: skip
        assert html.count("<style>") == 1
        for one in (*found.named("a"), *found.named("form")):
            target = one.get("href") or one.get("action") or ""
            assert target.startswith("/base/") or target == HOSTILE, target


def test_what_was_typed_stays_when_it_was_wrong() -> None:
    found = ReadPage(page().overview(seen(wrong="bad_minutes", typed=("some words", "soon"))))
    values = {one.get("name"): one.get("value") for one in found.named("input")}
    assert (values["words"], values["minutes"]) == ("some words", "soon")
    assert [one for one in found.named("section") if one.get("role") == "alert"]
    assert "open" in found.named("details")[0]


def test_figures_that_could_not_be_counted_keep_the_rest() -> None:
    found = ReadPage(page().overview(seen(counted=Counted(None, 1))))
    assert "plausch accounts totals --data /var/lib/plausch" in found.text
    assert "Show the reports" in found.text
    assert "anna" in found.text


def test_older_accounts_are_a_link_that_keeps_what_was_searched() -> None:
    found = ReadPage(page().overview(seen(part="a&b", older=17)))
    assert "/base/?name=a%26b&before=17" in [one["href"] for one in found.named("a")]
    assert "whose name contains a&b" in found.text
    none = ReadPage(page().overview(seen(accounts=[], part="zz")))
    assert "There are no such accounts." in none.text


@pytest.mark.parametrize(
    ("suspended_ms", "is_removed", "said", "action"),
    [
        (0, False, "Suspend account", "/base/accounts/anna/suspend"),
        (5, False, "Take suspension back", "/base/accounts/anna/unsuspend"),
        (5, True, "removed for good", None),
    ],
)
def test_one_account(suspended_ms: int, is_removed: bool, said: str, action: str | None) -> None:
    row = ANNA._replace(suspended_ms=suspended_ms, is_removed=is_removed)
    found = ReadPage(page().account(Shown(row, ((DEVICE, 1, 2),))))
    assert "0123456789abcdef" in found.text
    assert "4.1 kB" in found.text
    assert said in found.text
    assert [one["action"] for one in found.named("form")] == ([action] if action else [])
    assert ("plausch accounts remove anna" in found.text) == (action is not None)
    bare = ReadPage(page().account(Shown(row._replace(seen_at_ms=0), ())))
    assert "never" in bare.text
    assert "No device is listed." in bare.text


def test_what_an_account_had_of_what_it_may_have() -> None:
    rates = (
        Drawn(Kind.ENVELOPES, 3_906, 1_000_000, 1_800_000_000_000),
        Drawn(Kind.BLOB_BYTES_UP, 8_388_608, 2_147_483_648, 1_800_003_600_000),
    )
    found = ReadPage(page().account(Shown(ANNA, (), rates)))
    assert "3,906 of 1,000,000 at most, until" in found.text
    assert "8.4 MB of 2.1 GB at most" in found.text
    assert "2027-01-15T09:00Z" in [one["datetime"] for one in found.named("time")]
    assert "Nothing lately" in page().account(Shown(ANNA, ()))
    for language in ("de", "en"):
        every = tuple(Drawn(kind, 1, 2, 3) for kind in OF_ACCOUNTS)
        listed = ReadPage(page(language).account(Shown(ANNA, (), every)))
        assert len(listed.named("strong")) == len(OF_ACCOUNTS)


def test_reports_say_that_there_are_some_and_not_what() -> None:
    rows = [
        ReportRow(2, "anna", "mallory", "abuse", "what Anna noted", 5, 0, 3),
        ReportRow(1, "anna", "mallory", "unheard", "", 5, 9, 0),
    ]
    html = page(folder="/srv/my plausch").reports(rows)
    found = ReadPage(html)
    assert "Report 2" in found.text
    assert "abuse or threats" in found.text
    assert "another reason" in found.text
    assert "closed" in found.text
    assert "plausch reports show ID --data '/srv/my plausch'" in found.text
    assert "noted" not in html
    assert "There are no reports." in page().reports([])


def test_the_policy_allows_the_style_and_no_script() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": STYLE.allowed,
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert f"<style>{STYLE.text}</style>" in doorstep("de", "doorstep_used")


def test_trouble_is_a_sentence_with_a_way_back() -> None:
    found = ReadPage(page("de").trouble("storage_unavailable"))
    assert "Die Datenbank des Servers hat nicht geantwortet" in found.text
    assert "/base/" in [one["href"] for one in found.named("a")]


def test_a_time_that_no_calendar_has_is_unknown() -> None:
    row = ANNA._replace(created_at_ms=2**62, seen_at_ms=0)
    text = ReadPage(page().account(Shown(row, ((DEVICE, 1, -(2**62)),), ()))).text
    assert text.count("unknown") == 2 and "never" in text
