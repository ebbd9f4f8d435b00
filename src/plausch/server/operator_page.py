"""The operator's page as HTML: readable and usable without JavaScript, in two languages.

Names and words come from others, also from an operator who copied them from somewhere: they come
into the page through `as_text` alone. There is no script; the style is one element, allowed by
its hash.
"""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode

from plausch.base.ids import DeviceAddress
from plausch.server.administration import MOST_CHARACTERS, Shown, state_of
from plausch.server.html import as_text, style
from plausch.server.operator_words import WORDS
from plausch.server.store.allowance import Drawn, Kind
from plausch.server.store.overview import AccountRow, Totals
from plausch.server.store.regime import RegimeRow
from plausch.server.store.report import ReportRow

STYLE = style("operator_page")
POLICY = (
    f"default-src 'none'; style-src {STYLE.allowed}; img-src data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
TOKEN_FIELD = "form_token"  # nosec B105: a field's name


class Counted(NamedTuple):
    """All of the server, and when it was counted; None when the database did not answer."""

    totals: Totals | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows. `part` was searched for; `older` is where older ones begin, 0 when
    there are none. `wrong` is the word for what was wrong with the form, `typed` what was in it."""

    counted: Counted
    regime: RegimeRow
    accounts: list[AccountRow]
    part: str = ""
    older: int = 0
    wrong: str = ""
    typed: tuple[str, str] = ("", "")


class OperatorPage:
    """Pages for one visit, in one language. `base` is the path that they are below; `folder` is
    the server's, for the commands that are named."""

    def __init__(self, language: str, base: str, form_token: str, folder: str) -> None:
        self._language, self._base, self._form_token = language, base, form_token
        self._folder = folder
        self._words = WORDS[language]

    # --- pages -----------------------------------------------------------------------------------

    def overview(self, seen: Overview) -> str:
        """Maintenance, figures, reports, accounts."""
        parts = [
            self._alert(seen.wrong),
            self._maintenance(seen),
            self._figures(seen.counted),
            self._waiting(seen.counted.totals),
            self._accounts(seen),
        ]
        return self._whole(self._words["title"], "".join(parts), "/")

    def account(self, shown: Shown) -> str:
        """One account, its devices, and what can be done about it."""
        row, words = shown.row, self._words
        facts = {
            words["kind"]: words[row.kind],
            words["state"]: self._state(row),
            words["made_at"]: self._moment(row.created_at_ms),
            words["seen_at"]: self._moment(row.seen_at_ms),
            words["files"]: f"{self._number(row.blobs)} · {self._size(row.blob_bytes)}",
            words["public_page"]: words["yes" if row.has_page else "no"],
        }
        listed = "".join(f"<dt>{name}</dt><dd>{said}</dd>" for name, said in facts.items())
        parts = f'<section><dl class="facts">{listed}</dl></section>'
        parts += self._devices(shown.devices) + self._rates(shown.rates) + self._suspension(row)
        return self._whole(as_text(row.name), parts, "")

    def reports(self, rows: list[ReportRow]) -> str:
        """That there are reports; never what was reported."""
        words = self._words
        listed = "".join(self._report(row) for row in rows)
        said = f'<ul class="rows">{listed}</ul>' if rows else f"<p>{words['no_reports']}</p>"
        most = words["reports_most"].format(count=len(rows))
        parts = f"<section>{said}" + (f'<p class="soft">{most}</p>' if rows else "") + "</section>"
        parts += (
            f'<section><p class="prose">{words["reports_by"]}</p>'
            f"{self._command('reports', 'show', 'ID')}{self._command('reports', 'close', 'ID')}"
            "</section>"
        )
        return self._whole(words["reports"], parts, "/reports")

    def trouble(self, word: str) -> str:
        """What went wrong, for who may see this page."""
        back = f'<p><a href="{self._at("/")}">{self._words["back"]}</a></p>'
        return self._whole(self._words["wrong"], self._alert(word) + back, "")

    # --- the first page --------------------------------------------------------------------------

    def _maintenance(self, seen: Overview) -> str:
        words, row = self._words, seen.regime
        said = [words["maintenance_off"]]
        if row.since_ms:
            said = [words["maintenance_on"].format(since=self._moment(row.since_ms))]
            if row.until_ms:
                said.append(words["maintenance_until"].format(until=self._moment(row.until_ms)))
            if row.words:
                said.append(words["maintenance_words"].format(words=f"<q>{as_text(row.words)}</q>"))
        lines = "".join(f'<p class="prose">{line}</p>' for line in said)
        end = ""
        if row.since_ms:
            label = words["maintenance_end"]
            end = self._form("/maintenance/off", f'<button class="chief">{label}</button>')
        begin = words["maintenance_change" if row.since_ms else "maintenance_begin"]
        text, minutes = seen.typed if seen.wrong else (row.words, "")
        fields = (
            f'<label class="wide">{words["said"]}<input name="words" maxlength="{MOST_CHARACTERS}" '
            f'value="{as_text(text)}" autocomplete="off"></label>'
            f'<label>{words["minutes"]}<input name="minutes" inputmode="numeric" maxlength="5" '
            f'value="{as_text(minutes)}" autocomplete="off"></label><button>{begin}</button>'
        )
        form = self._form("/maintenance/on", fields)
        opened = " open" if seen.wrong else ""
        return (
            f"<section><h2>{words['maintenance']}</h2>{lines}{end}"
            f"<details{opened}><summary>{begin}</summary>{form}</details>"
            f'<p class="soft">{words["maintenance_soon"]}</p></section>'
        )

    def _figures(self, counted: Counted) -> str:
        words, totals = self._words, counted.totals
        if totals is None:
            said = f"<p>{words['not_counted']}</p>{self._command('accounts', 'totals')}"
            return f"<section><h2>{words['figures']}</h2>{said}</section>"
        figures = [
            ("people", totals.people, None),
            ("businesses", totals.businesses, None),
            ("devices", totals.devices, None),
            ("active", totals.active_devices, None),
            ("conversations", totals.conversations, None),
            ("new_accounts", totals.new_accounts, None),
            ("envelopes", totals.envelopes, totals.message_bytes),
            ("new_envelopes", totals.new_envelopes, None),
            ("blobs", totals.blobs, totals.blob_bytes),
            ("pages", totals.pages, None),
            ("suspended_total", totals.suspended, None),
            ("invitations", totals.unused_invitations, None),
        ]
        said = "".join(
            f"<div><dt>{words[word]}</dt><dd>{self._number(count)}"
            + (f" <small>{self._size(size)}</small>" if size is not None else "")
            + "</dd></div>"
            for word, count, size in figures
        )
        at = words["counted"].format(at=self._moment(counted.at_ms))
        return (
            f'<section><h2>{words["figures"]}</h2><dl class="figures">{said}</dl>'
            f'<p class="soft">{at}</p></section>'
        )

    def _waiting(self, totals: Totals | None) -> str:
        words, count = self._words, ""
        if totals is not None:
            count = words["reports_open"].format(count=self._number(totals.open_reports))
        link = f'<a href="{self._at("/reports")}">{words["reports_show"]}</a>'
        said = " · ".join(one for one in (count, link) if one)
        return f"<section><h2>{words['reports']}</h2><p>{said}</p></section>"

    def _accounts(self, seen: Overview) -> str:
        words, part = self._words, as_text(seen.part)
        title = words["newest"]
        every = ""
        if seen.part:
            title = words["found"].format(part=f"<q>{part}</q>")
            every = f'<p><a href="{self._at("/")}">{words["all"]}</a></p>'
        search = (
            f'<form method="get" action="{self._at("/")}" role="search">'
            f'<label>{words["search"]}<input type="search" name="name" maxlength="32" '
            f'value="{part}" autocomplete="off" autocapitalize="none" spellcheck="false"></label>'
            f"<button>{words['find']}</button></form>"
        )
        rows = "".join(self._row(one) for one in seen.accounts)
        listed = f'<ul class="rows">{rows}</ul>' if rows else f"<p>{words['no_accounts']}</p>"
        more = ""
        if seen.older:
            asked = {"name": seen.part} if seen.part else {}
            target = self._at("/") + "?" + urlencode({**asked, "before": seen.older})
            more = f'<p><a href="{as_text(target)}">{words["older"]}</a></p>'
        return f"<section><h2>{title}</h2>{search}{listed}{more}{every}</section>"

    def _row(self, row: AccountRow) -> str:
        words = self._words
        seen = words["seen"].format(at=self._moment(row.seen_at_ms))
        said = [
            words[row.kind],
            words["made"].format(at=self._moment(row.created_at_ms)),
            seen if row.seen_at_ms else words["never_seen"],
        ]
        state = state_of(row)
        badge = "" if state == "open" else f' <span class="badge">{words[state]}</span>'
        return (
            f'<li>{self._account_link(row.name)}{badge} <span class="soft">'
            f"{' · '.join(said)}</span></li>"
        )

    # --- an account, the reports -----------------------------------------------------------------

    def _state(self, row: AccountRow) -> str:
        state = state_of(row)
        if state == "open":
            return self._words[state]
        since = self._words["since"].format(at=self._moment(row.suspended_ms))
        return f'<span class="badge">{self._words[state]}</span> {since}'

    def _devices(self, devices: tuple[tuple[str, int, int], ...]) -> str:
        words = self._words
        rows = "".join(
            f"<li><strong>{as_text(DeviceAddress.parse_uri(uri).device)}</strong> "
            f'<span class="soft">{words["listed"].format(at=self._moment(listed_ms))} · '
            f"{words['seen'].format(at=self._moment(seen_ms))}</span></li>"
            for uri, listed_ms, seen_ms in devices
        )
        said = f'<ul class="rows">{rows}</ul>'
        if not devices:
            said = f"<p>{words['no_devices']}</p>"
        return f"<section><h2>{words['devices']}</h2>{said}</section>"

    def _rates(self, rates: tuple[Drawn, ...]) -> str:
        words = self._words
        said = f"<p>{words['no_rates']}</p>"
        if rates:
            listed = "".join(
                f"<li><strong>{words[f'rate_{one.kind.name.lower()}']}</strong> "
                f'<span class="soft">{self._rate(one)}</span></li>'
                for one in rates
            )
            said = f'<ul class="rows">{listed}</ul><p class="soft prose">{words["rates_mean"]}</p>'
        return f"<section><h2>{words['rates']}</h2>{said}</section>"

    def _rate(self, one: Drawn) -> str:
        is_size = one.kind in (Kind.COMMIT_BYTES, Kind.BLOB_BYTES_UP, Kind.BLOB_BYTES_DOWN)
        shown = self._size if is_size else self._number
        return self._words["rate"].format(
            drawn=shown(one.drawn), most=shown(one.most), at=self._moment(one.ends_at_ms)
        )

    def _suspension(self, row: AccountRow) -> str:
        words = self._words
        if row.is_removed:
            return f'<section><p class="prose">{words["removed_means"]}</p></section>'
        verb = "unsuspend" if row.suspended_ms else "suspend"
        form = self._form(f"/accounts/{quote(row.name)}/{verb}", f"<button>{words[verb]}</button>")
        return (
            f"<section><h2>{words['suspension']}</h2>"
            f'<p class="prose">{words[f"{verb}_means"]}</p>{form}'
            f'<p class="soft prose">{words["remove_by"]}</p>'
            f"{self._command('accounts', 'remove', row.name)}</section>"
        )

    def _report(self, row: ReportRow) -> str:
        words = self._words
        said = [
            words["report_about"].format(name=self._account_link(row.reported)),
            words["report_from"].format(name=self._account_link(row.reporter)),
            words.get(f"reason_{row.reason}", words["reason_other"]),
            words["report_at"].format(at=self._moment(row.reported_at_ms)),
        ]
        badge = f'<span class="badge">{words["report_open"]}</span>'
        if row.closed_at_ms:
            badge = ""
            said.append(words["report_closed_at"].format(at=self._moment(row.closed_at_ms)))
        number = words["report"].format(number=row.number)
        return (
            f'<li><strong>{number}</strong> {badge} <span class="soft">{" · ".join(said)}</span>'
            "</li>"
        )

    # --- parts -----------------------------------------------------------------------------------

    def _whole(self, title: str, parts: str, current: str) -> str:
        words = self._words
        places = (("/", words["overview"]), ("/reports", words["reports"]))
        nav = "".join(
            f'<li><a href="{self._at(path)}"{self._mark(path == current)}>{said}</a></li>'
            for path, said in places
        )
        zone = as_text(datetime.now().astimezone().strftime("%Z (UTC%z)"))
        return framed(
            self._language,
            title,
            f'<header><p class="brand">Plausch</p><nav><ul>{nav}</ul></nav></header>'
            f"<main><h1>{title}</h1>{parts}</main>"
            f'<footer><p class="soft">{words["blind"]}</p>'
            f'<p class="soft">{words["times"].format(zone=zone)}</p></footer>',
        )

    @staticmethod
    def _mark(is_current: bool) -> str:
        return ' aria-current="page"' if is_current else ""

    def _alert(self, word: str) -> str:
        if not word:
            return ""
        return f'<section class="alert" role="alert"><p>{self._words[word]}</p></section>'

    def _form(self, path: str, fields: str) -> str:
        return (
            f'<form method="post" action="{self._at(path)}" accept-charset="utf-8">'
            f'<input type="hidden" name="{TOKEN_FIELD}" value="{as_text(self._form_token)}">'
            f"{fields}</form>"
        )

    def _account_link(self, name: str) -> str:
        return f'<a href="{self._at(f"/accounts/{quote(name)}")}">{as_text(name)}</a>'

    def _at(self, path: str) -> str:
        return as_text(self._base + path)

    def _command(self, *words: str) -> str:
        """A command line to copy; options are not broken at their hyphens."""
        line = shlex.join(("plausch", *words, "--data", self._folder))
        return f"<code>{as_text(line).replace('--data', '<span>--data</span>', 1)}</code>"

    def _moment(self, at_ms: int) -> str:
        """An instant, in this machine's time; a clock that was wrong may have written anything."""
        if not at_ms:
            return self._words["never"]
        form = "%d.%m.%Y, %H:%M" if self._language == "de" else "%Y-%m-%d, %H:%M"
        try:
            at = datetime.fromtimestamp(at_ms / 1000, UTC)
            here = at.astimezone().strftime(form)
        except (ValueError, OverflowError, OSError):  # no calendar has it
            return self._words["unknown"]
        return f'<time datetime="{at:%Y-%m-%dT%H:%MZ}">{here}</time>'

    def _number(self, count: int) -> str:
        return self._pointed(f"{count:,}")

    def _size(self, size_bytes: int) -> str:
        """Bytes as people read them, in powers of a thousand."""
        amount, unit = float(size_bytes), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if amount < 1000:
                break
            amount, unit = amount / 1000, larger
        return self._pointed(f"{amount:,.0f}" if unit == "B" else f"{amount:,.1f}") + f" {unit}"

    def _pointed(self, number: str) -> str:
        swapped = str.maketrans(",.", ".,")
        return number.translate(swapped) if self._language == "de" else number


def doorstep(language: str, word: str, onward: str = "") -> str:
    """What everybody sees who has not come by the link; `onward` is where to go with a visit."""
    words = WORDS[language]
    link = ""
    if onward:
        link = (
            f'<p class="prose">{words["doorstep_onward"]} '
            f'<a href="{as_text(onward)}">{words["onward"]}</a></p>'
        )
    return framed(
        language,
        words["doorstep"],
        f'<main><h1>{words["doorstep"]}</h1><section class="alert"><p class="prose">{words[word]}'
        f"</p>{link}</section></main>",
    )


def framed(language: str, title: str, body: str) -> str:
    """A whole document."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{title} · Plausch</title>\n<style>{STYLE.text}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
