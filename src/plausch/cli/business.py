"""`plausch business`: the public profile of a business, its link, its poster, the directory."""

import json
import sys
from datetime import date
from pathlib import Path
from urllib.parse import quote

import click

from plausch.agent.config import load_business
from plausch.agent.paper import FORMS, Form, paper
from plausch.agent.profile_file import example_profile, load_profile
from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress, parse_name
from plausch.cli.agent import BUSINESS_FILE
from plausch.cli.business_requests import (
    ProfileGet,
    ProfilePublish,
    ProfileRecord,
    ProfileSearch,
    ProfileWithdraw,
)
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import perform, run
from plausch.cli.options import home_option, json_option, passphrase_option, read_passphrase
from plausch.cli.phrases import LANGUAGES
from plausch.domain.business import BusinessKind
from plausch.domain.json_ld import json_ld
from plausch.domain.opening import span_text
from plausch.domain.profile import KINDS, Profile, missing_in
from plausch.domain.vcard import vcard
from plausch.sdk import Client

PROFILE_FILE = "profile.toml"
TEXT_CHARACTERS = 500
"""Most of a text that a link brings along; the web app takes no more."""


class NoProfile(LocalError):
    """There is no public profile to show."""

    code = "no_profile"


@click.group()
def business() -> None:
    """The public profile of a business, its link and its poster; and who is in the directory.

    A profile is public: the server shows it to everybody, at https://SERVER/NAME. It is signed by
    the business's identity key, so that the server cannot write anything into it.
    """


@business.command(
    epilog="Example: plausch business init --server http://localhost:7480 --name linde"
)
@click.option("--server", metavar="URL", help="To make the account too: the server's address.")
@click.option("--name", help="Name of the business's account: NAME@domain.")
@click.option("--invitation", default="", metavar="CODE", help="If the server asks for one.")
@home_option
@passphrase_option
@json_option
def init(
    server: str | None,
    name: str | None,
    invitation: str,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Put an example profile into HOME/profile.toml for you to change, of the agent's kind if there
    is one.

    With --server and --name the business's account is made, too.
    """
    screen = screen_of(json=as_json)
    if (server is None) is not (name is None):
        raise click.UsageError("Give --server and --name together, or neither.")
    if server is not None and name is not None:
        parse_name(name)
        passphrase = read_passphrase(passphrase_file)

        async def work() -> None:
            client = await Client.register(
                home, server, name, kind="business", invitation=invitation, passphrase=passphrase
            )
            await client.close()

        with screen.working("registering"):
            run(work())
    file = home / PROFILE_FILE
    if file.exists():
        raise LocalError(f"There is {file} already: change it, or move it away first.")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    business = home / BUSINESS_FILE
    kind = load_business(business).kind if business.exists() else BusinessKind.RESTAURANT
    file.write_text(example_profile(kind), encoding="utf-8")
    if as_json:
        screen.record({"file": str(file)})
    screen.answer("profile_ready", file=file)


@business.command(epilog="Example: plausch business check ~/linde/profile.toml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Say what is wrong with a profile's FILE, or what it lacks to go public."""
    screen = screen_of()
    profile = load_profile(file).profile
    missing = missing_in(profile)
    if missing:
        names = ", ".join(field_name(one, screen) for one in missing)
        raise LocalError(screen.phrase("profile_lacks", fields=names), code="incomplete_imprint")
    screen.answer("profile_checked", name=profile.name)


def field_name(field: str, screen: Screen) -> str:
    """What people call a field of the imprint, with its place in the file."""
    return f"{screen.phrase('field_' + field.replace('.', '_'))} ({field})"


@business.command(epilog="Example: plausch business publish ~/linde/profile.toml --home ~/linde")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@home_option
@passphrase_option
@json_option
def publish(file: Path | None, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Show the profile in FILE (HOME/profile.toml) to everybody, in place of the one before.

    A profile without a complete imprint does not go public: the sentence says what is missing.
    """
    screen = screen_of(json=as_json)
    source = (file or home / PROFILE_FILE).absolute()
    if not source.is_file():
        raise NoProfile(f"There is no {source}; make one with: plausch business init.")
    profile = load_profile(source).profile
    missing = missing_in(profile)
    if missing:
        names = ", ".join(field_name(one, screen) for one in missing)
        raise LocalError(screen.phrase("profile_lacks", fields=names), code="incomplete_imprint")
    with screen.working("working"):
        record = run(perform(ProfilePublish(file=str(source)), home, passphrase_file, screen))
    if as_json:
        screen.record(record)
    url = page_url(record)
    screen.answer("profile_published", url=url, seq=record.seq)


@business.command(epilog="Example: plausch business withdraw --home ~/linde")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@home_option
@passphrase_option
@json_option
def withdraw(yes: bool, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Take the public profile away: page, directory entry and poster's target."""
    screen = screen_of(json=as_json)
    if not yes and not as_json:
        click.confirm(screen.phrase("profile_withdraw"), abort=True)
    with screen.working("working"):
        record = run(perform(ProfileWithdraw(), home, passphrase_file, screen))
    if as_json:
        screen.record(record)
    screen.answer("profile_withdrawn", address=record.address)


@business.command(epilog="Example: plausch business show linde@example.org")
@click.argument("address", default="")
@home_option
@passphrase_option
@json_option
def show(address: str, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Show the profile of ADDRESS, or our own, as its business signed it."""
    screen = screen_of(json=as_json)
    with screen.working("looking"):
        record = run(perform(ProfileGet(address=address), home, passphrase_file, screen))
    if as_json:
        screen.record(record)
        return
    for line in described(present(record), record, screen):
        screen.line(line)


def present(record: ProfileRecord) -> Profile:
    """The profile that is public now. Raises NoProfile."""
    found = record.published()
    if found is None or found.profile is None:
        raise NoProfile(f"{record.address} has no public profile.")
    return found.profile


def described(profile: Profile, record: ProfileRecord, screen: Screen) -> list[str]:
    """The profile in lines."""
    imprint, language = profile.imprint, screen.language
    kind = KINDS[profile.kind].in_language(language)
    lines = [
        f"{profile.name} · {kind} · {record.address}",
        profile.description.in_language(language),
        *_addressed(profile.address.street, profile.address.postal_code, profile.address.locality),
        profile.telephone,
        profile.email,
        screen.phrase("profile_hours"),
    ]
    days = screen.phrase("weekdays").split("|")
    for day, spans in zip(days, profile.calendar.weekly, strict=True):
        lines.append(f"  {day}  {', '.join(map(span_text, spans)) or '–'}")
    lines += [
        screen.phrase("profile_imprint"),
        f"  {imprint.name} ({imprint.legal_form}) {imprint.representative}",
        *(
            f"  {one}"
            for one in (
                imprint.address.street,
                f"{imprint.address.postal_code} {imprint.address.locality}",
                imprint.email,
                imprint.telephone or imprint.contact_url,
                f"{imprint.register} {imprint.register_number}".strip(),
                imprint.vat_id,
                imprint.further,
            )
            if one
        ),
        screen.phrase("profile_privacy"),
        f"  {profile.privacy.in_language(language) or profile.privacy_url}",
    ]
    return [line for line in lines if line]


def _addressed(street: str, postal_code: str, locality: str) -> list[str]:
    return [street, f"{postal_code} {locality}".strip()]


@business.command(epilog="Example: plausch business search linde --place Augsburg")
@click.argument("words", nargs=-1)
@click.option("--kind", type=click.Choice(list(KINDS)), default=None, help="Of this kind only.")
@click.option("--place", default="", help="Where: how a town or postal code begins.")
@click.option("--after", default="", metavar="ADDRESS", help="The next page, after this one.")
@home_option
@passphrase_option
@json_option
def search(
    words: tuple[str, ...],
    kind: str | None,
    place: str,
    after: str,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Look for businesses of our server that want to be found, by how words of their name begin."""
    screen = screen_of(json=as_json)
    request = ProfileSearch(
        words=" ".join(words)[:256], kind=kind or "", place=place[:256], after=after
    )
    with screen.working("looking"):
        page = run(perform(request, home, passphrase_file, screen))
    if as_json:
        screen.record(page)
        return
    if not page.found:
        screen.say("nothing_found")
    rows = [
        [
            one.address,
            one.title,
            KINDS[one.kind].in_language(screen.language) if one.kind in KINDS else one.kind,
            f"{one.postal_code} {one.locality}".strip(),
        ]
        for one in page.found
    ]
    screen.table(screen.phrase("directory_heads").split("|"), rows)
    if page.more:
        screen.say("directory_more", last=page.found[-1].address)


@business.command(epilog='Example: plausch business link --text "A table for two, please"')
@click.option("--text", default="", help="What the guest's message begins with.")
@home_option
@passphrase_option
@json_option
def link(text: str, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """The short link to our page, with a text that is ready to be sent if you like."""
    screen = screen_of(json=as_json)
    if len(text) > TEXT_CHARACTERS:
        raise click.UsageError(f"The text has at most {TEXT_CHARACTERS} characters: shorten it.")
    record = run(perform(ProfileGet(), home, passphrase_file, screen))
    url = page_url(record, text)
    if as_json:
        screen.record({"url": url})
    else:
        screen.line(url)


def page_url(record: ProfileRecord, text: str = "") -> str:
    """The page of a business; `text` goes behind the `#`, where the server does not see it.

    A server of this machine alone has no name that others know and no TLS before it: its page is
    where the device reaches it. The agent of any other may reach it by a back door.
    """
    address = AccountAddress.parse(record.address)
    is_local = address.domain == "localhost" and record.server != ""
    origin = record.server.rstrip("/") if is_local else f"https://{address.domain}"
    url = f"{origin}/{address.name}"
    return f"{url}#text={quote(text, safe='')}" if text else url


@business.command(epilog="Example: plausch business export --as vcard > linde.vcf")
@click.argument("address", default="")
@click.option(
    "--as", "form", type=click.Choice(["vcard", "jsonld"]), required=True, help="In which form."
)
@home_option
@passphrase_option
def export(address: str, form: str, home: Path, passphrase_file: Path | None) -> None:
    """The profile of ADDRESS, or our own, for address books (vCard) or programs (schema.org)."""
    screen = screen_of()
    record = run(perform(ProfileGet(address=address), home, passphrase_file, screen))
    profile, account = present(record), AccountAddress.parse(record.address)
    url, language = page_url(record), screen.language
    if form == "vcard":
        text = vcard(profile, url, account.uri, language)
    else:
        said = json_ld(profile, url, language, date.today())
        text = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
    sys.stdout.buffer.write(text.encode())
    sys.stdout.flush()


@business.command(epilog="Example: plausch business poster linde.pdf --form tent-a5 --language de")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--form",
    type=click.Choice(FORMS),
    default="poster",
    show_default=True,
    help="A poster (A4), or a table tent of two panels A5 or A6 on one sheet.",
)
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="Of its words.")
@home_option
@passphrase_option
@json_option
def poster(
    file: Path,
    form: Form,
    language: str | None,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Write a poster or a table tent with the QR code of our page into FILE, as PDF.

    Needs the extra 'paper': pip install 'plausch[paper]'.
    """
    screen = screen_of(json=as_json)
    record = run(perform(ProfileGet(), home, passphrase_file, screen))
    profile = present(record)
    spoken = language or next((one for one in profile.spoken if one in LANGUAGES), "de")
    url = page_url(record)
    file.write_bytes(paper(profile, url, form, "de" if spoken == "de" else "en"))
    if as_json:
        screen.record({"file": str(file), "url": url})
    screen.answer("poster_written", file=file, url=url)
