"""The public page of a business as HTML: readable without JavaScript, printable, in two languages.

Whatever stands in a profile was written by strangers: it comes into the page through `as_text`
alone. The page has no script that runs; its style is one element, allowed by its hash.
"""

from datetime import date

import segno

from plausch.domain.json_ld import json_ld, picture_base, script_text
from plausch.domain.opening import differing_days, span_text
from plausch.domain.profile import KINDS, Address, Profile
from plausch.server.card_words import WEEKDAYS, WORDS, month_name, tongue
from plausch.server.html import as_text, style

STYLE = style("card")

POLICY = (
    f"default-src 'none'; img-src 'self'; style-src {STYLE.allowed}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Of the page by itself. JSON-LD is data, which no policy has to allow."""

_MOUNT = '<div id="app"></div>'
_NO_SCRIPT = (
    "<noscript>Plausch needs JavaScript: it encrypts your messages on this device.</noscript>"
)
_TITLE = "<title>Plausch</title>"
_LANGUAGE = '<html lang="en">'


def has_place(index: str) -> bool:
    """Whether the web app's page is one into which a business's can be written."""
    places = (_MOUNT, _NO_SCRIPT, _TITLE, _LANGUAGE, "</head>")
    return all(index.count(place) == 1 for place in places)


class CardPage:
    """One business's page in one language, on one day."""

    def __init__(self, profile: Profile, url: str, language: str, today: date) -> None:
        self._profile, self._url, self._language, self._today = profile, url, language, today
        self._words = WORDS[language]
        self._path = "/" + url.rpartition("/")[2]

    def alone(self) -> str:
        """The page by itself: for who has no JavaScript, prints it, or looks for the imprint."""
        return (
            f'<!doctype html>\n<html lang="{self._language}" class="card-alone">\n<head>\n'
            '<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<link rel="icon" href="/icons/icon.svg" type="image/svg+xml">\n'
            f"{self._head()}</head>\n<body>\n{self._card(alone=True)}\n</body>\n</html>\n"
        )

    def within(self, index: str) -> str:
        """The web app's page, which `has_place`, with this one in it until the app is there."""
        return (
            index.replace(_LANGUAGE, f'<html lang="{self._language}">')
            .replace(_TITLE, "")
            .replace("</head>", f"{self._head()}</head>")
            .replace(_NO_SCRIPT, "")
            .replace(_MOUNT, f'<div id="app">{self._card(alone=False)}</div>')
        )

    def _head(self) -> str:
        name, url = as_text(self._profile.name), as_text(self._url)
        about = self._profile.description.in_language(self._language).partition("\n")[0]
        said = script_text(json_ld(self._profile, self._url, self._language, self._today))
        return (
            f"<title>{name}</title>\n"
            f'<link rel="canonical" href="{url}">\n'
            f'<meta property="og:title" content="{name}">\n'
            f'<meta property="og:description" content="{as_text(about)}">\n'
            f'<meta property="og:url" content="{url}">\n'
            f'<script type="application/ld+json">{said}</script>\n'
            f"<style>{STYLE.text}</style>\n"
        )

    def _card(self, *, alone: bool) -> str:
        parts = [
            self._top(alone=alone),
            self._pictures(),
            f'<div class="columns">{self._hours()}{self._contact()}{self._code()}</div>',
            self._imprint(),
            self._privacy(),
            self._foot(alone=alone),
        ]
        return f'<main class="public-card">{"".join(parts)}</main>'

    def _top(self, *, alone: bool) -> str:
        profile, words = self._profile, self._words
        kind = KINDS[profile.kind].in_language(self._language)
        where = " · ".join(as_text(one) for one in (kind, profile.address.locality) if one)
        chat = f'<p><a class="chat" href="{self._path}">{words["open_chat"]}</a></p>'
        needs = f'<noscript><p class="soft">{words["needs_script"]}</p></noscript>'
        return (
            f'<header><p class="soft">{where}</p><h1>{as_text(profile.name)}</h1>'
            f"{_paragraphs(profile.description.in_language(self._language))}"
            f"{chat if alone else needs}</header>"
        )

    def _pictures(self) -> str:
        base = picture_base(self._path)
        pictures = "".join(
            f'<li><img src="{base}/{one.digest.hex()}" width="{one.width}" height="{one.height}" '
            f'alt="{as_text(one.text)}" loading="lazy"></li>'
            for one in self._profile.pictures
        )
        label = self._words["pictures"]
        return f'<ul class="pictures" aria-label="{label}">{pictures}</ul>' if pictures else ""

    def _hours(self) -> str:
        calendar, words = self._profile.calendar, self._words
        rows = "".join(
            _row(name, "<br>".join(map(span_text, spans)) or words["closed"])
            for name, spans in zip(WEEKDAYS[self._language], calendar.weekly, strict=True)
        )
        differing = "".join(
            _row(
                self._date(day.date),
                "<br>".join(map(span_text, day.spans)) or words["closed"],
                day.note or (day.holiday.in_language(self._language) if day.holiday else ""),
            )
            for day in differing_days(calendar, self._today)
        )
        if differing:
            differing = f"<h3>{words['differing']}</h3><table>{differing}</table>"
        return f"<section><h2>{words['hours']}</h2><table>{rows}</table>{differing}</section>"

    def _contact(self) -> str:
        profile, words = self._profile, self._words
        tongues = ", ".join(as_text(tongue(tag, self._language)) for tag in profile.spoken)
        links = "<br>".join(_link(link.url, link.label) for link in profile.links)
        return self._list(
            words["contact"],
            (words["address"], _address(profile.address)),
            (words["telephone"], _telephone(profile.telephone)),
            (words["email"], _mail(profile.email)),
            (words["spoken"], tongues),
            (words["links"], links),
        )

    def _code(self) -> str:
        code = segno.make(self._url, error="m", micro=False)
        drawn = code.svg_inline(border=4, omitsize=True, dark="#000", light="#fff", svgclass="qr")
        shown = as_text(self._url.partition("://")[2])
        return (
            f'<section class="code"><h2>{self._words["code"]}</h2><figure>'
            f'<div role="img" aria-label="{self._words["scan"]}">{drawn}</div>'
            f"<figcaption>{self._words['scan']}<br><strong>{shown}</strong></figcaption>"
            "</figure></section>"
        )

    def _imprint(self) -> str:
        imprint, words = self._profile.imprint, self._words
        form = words.get(imprint.legal_form, imprint.legal_form)
        name = as_text(imprint.name)
        if form and form not in imprint.name:
            name += f" ({as_text(form)})"
        register = ", ".join(
            as_text(one) for one in (imprint.register, imprint.register_number) if one
        )
        form_link = _link(imprint.contact_url, words["contact_form"]) if imprint.contact_url else ""
        return self._list(
            words["imprint"],
            ("", f"{name}<br>{_address(imprint.address)}"),
            (words["represented"], as_text(imprint.representative)),
            (words["telephone"], _telephone(imprint.telephone)),
            (words["email"], _mail(imprint.email)),
            (words["contact"], form_link),
            (words["register"], register),
            (words["vat_id"], as_text(imprint.vat_id)),
            ("", _paragraphs(imprint.further)),
            anchor="imprint",
        )

    def _privacy(self) -> str:
        profile, words = self._profile, self._words
        more = ""
        if profile.privacy_url:
            more = f"<p>{_link(profile.privacy_url, words['privacy_more'])}</p>"
        note = _paragraphs(profile.privacy.in_language(self._language))
        return f'<section id="privacy"><h2>{words["privacy"]}</h2>{note}{more}</section>'

    def _foot(self, *, alone: bool) -> str:
        words, path = self._words, self._path
        printing = "" if alone else f' · <a href="{path}?card">{words["print"]}</a>'
        return (
            f'<footer class="soft"><p>{words["signed"]}</p>'
            f'<p class="aside"><a href="{path}?vcard">{words["save"]}</a>{printing}</p></footer>'
        )

    def _list(self, title: str, *rows: tuple[str, str], anchor: str = "") -> str:
        """A section of what is known; a row without a name stands by itself."""
        written = "".join(
            f"<dt>{name}</dt><dd>{value}</dd>" if name else f'<dd class="wide">{value}</dd>'
            for name, value in rows
            if value
        )
        place = f' id="{anchor}"' if anchor else ""
        return f"<section{place}><h2>{title}</h2><dl>{written}</dl></section>"

    def _date(self, day: date) -> str:
        weekday = WEEKDAYS[self._language][day.weekday()]
        month = month_name(day.month, self._language)
        if self._language == "de":
            return f"{weekday}, {day.day}. {month}"
        return f"{weekday}, {day.day} {month}"


def _paragraphs(text: str) -> str:
    lines = "<br>".join(as_text(line) for line in text.split("\n"))
    return f'<p class="prose">{lines}</p>' if text else ""


def _row(name: str, value: str, note: str = "") -> str:
    beside = f'<br><span class="soft">{as_text(note)}</span>' if note else ""
    return f'<tr><th scope="row">{name}{beside}</th><td>{value}</td></tr>'


def _address(address: Address) -> str:
    town = " ".join(one for one in (address.postal_code, address.locality) if one)
    country = address.country if address.country != "DE" else ""
    return "<br>".join(as_text(one) for one in (address.street, town, country) if one)


def _telephone(number: str) -> str:
    called = "".join(letter for letter in number if letter in "+0123456789")
    return f'<a href="tel:{called}">{as_text(number)}</a>' if number else ""


def _mail(address: str) -> str:
    return f'<a href="mailto:{as_text(address)}">{as_text(address)}</a>' if address else ""


def _link(url: str, label: str) -> str:
    return f'<a href="{as_text(url)}" rel="noopener noreferrer nofollow">{as_text(label)}</a>'
