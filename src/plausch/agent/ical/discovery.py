"""Finding a person's calendars from the name of a server: RFC 6764, 5397, 4791.

`.well-known/caldav` leads to the server's own place, there the principal of the user is asked for,
of that the home of its calendars, and of that what is in it. Only here a redirection is followed,
and the password goes to the host that was named and to names below it, never to another one: that
one is told, and whoever knows it can name it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element  # nosec B405: only the type; defusedxml parses

from plausch.agent.ical.dav import (
    CollectionAddress,
    Dav,
    DavAnswer,
    DavRefused,
    check_address,
    path_of,
    xml_of,
)

WELL_KNOWN = "/.well-known/caldav"
MOST_REDIRECTIONS = 5
MOST_CALENDARS = 200
MOST_NAME_CHARACTERS = 100

_DAV = "{DAV:}"
_CAL = "{urn:ietf:params:xml:ns:caldav}"
_ASK = (
    '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:" '
    'xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>%s</prop></propfind>'
)
_PRINCIPAL = _ASK % "<current-user-principal/>"
_HOME = _ASK % "<C:calendar-home-set/>"
_CALENDARS = _ASK % (
    "<displayname/><resourcetype/><C:supported-calendar-component-set/>"
    "<current-user-privilege-set/>"
)
_MOVED = frozenset({301, 302, 307, 308})
_WRITING = frozenset({f"{_DAV}all", f"{_DAV}write", f"{_DAV}write-content"})


@dataclass(frozen=True, slots=True)
class FoundCalendar:
    """A calendar for events: what its owner calls it, where it is, whether this user may write."""

    name: str
    url: str
    may_write: bool


def discovered(
    server: str, user: str, password: str, timeout_s: float = 20.0
) -> list[FoundCalendar]:
    """The calendars of a user at a server, by name; `server` is a host or an https address.

    Raises AddressRefused, DavRefused, DavUnreachable.
    """
    start = server if "://" in server else f"https://{server}"
    check_address(start)
    guide = _Guide(start, user, password, timeout_s)
    home = guide.home(guide.principal())
    found = list(guide.calendars(home))[:MOST_CALENDARS]
    return sorted(found, key=lambda one: (one.name.casefold(), one.url))


class _Guide:
    """Asks its way; every place is on the host that was named, or below it."""

    def __init__(self, start: str, user: str, password: str, timeout_s: float) -> None:
        self._start = start
        self._host = urlsplit(start).hostname or ""
        self._user = user
        self._password = password
        self._timeout_s = timeout_s

    def principal(self) -> str:
        """Where the server says who the user is."""
        path = urlsplit(self._start).path.rstrip("/")
        places = ([self._start] if path else []) + [WELL_KNOWN, "/"]
        for place in places:
            found = self._ask(self._joined(self._start, place), _PRINCIPAL, "0")
            href = found and _href(found[1], f"{_DAV}current-user-principal")
            if found and href:
                return self._joined(found[0], href)
        raise DavRefused(
            f"No calendars were found at {self._host}: give the address that its help names for "
            f"CalDAV, such as https://{self._host}/dav/.",
            0,
        )

    def home(self, principal: str) -> str:
        """Where the user's calendars are."""
        found = self._ask(principal, _HOME, "0")
        href = found and _href(found[1], f"{_CAL}calendar-home-set")
        if not found or not href:
            raise DavRefused(
                f"{self._host} knows the user but has no calendars for them: make one there first.",
                0,
            )
        return self._joined(found[0], href)

    def calendars(self, home: str) -> Iterator[FoundCalendar]:
        """What is in a home."""
        found = self._ask(home, _CALENDARS, "1")
        if not found:
            return
        for response in found[1].iter(f"{_DAV}response"):
            kind = response.find(f".//{_DAV}resourcetype/{_CAL}calendar")
            components = response.findall(f".//{_CAL}supported-calendar-component-set/{_CAL}comp")
            named = {one.get("name", "").upper() for one in components}
            href = response.findtext(f"{_DAV}href") or ""
            if kind is None or not href or (named and "VEVENT" not in named):
                continue
            url = self._joined(found[0], href)
            self._demand_known(url)
            yield FoundCalendar(_name_in(response, url), url, _may_write(response))

    def _ask(self, url: str, body: str, depth: str) -> tuple[str, Element] | None:
        """The answer, and where it came from at last; None where no such thing is."""
        for _ in range(MOST_REDIRECTIONS + 1):
            self._demand_known(url)
            answer = self._asked(url, body, depth)
            location = answer.headers.get("location", "")
            if answer.status in _MOVED and location:
                url = self._joined(url, location)
            elif answer.status == HTTPStatus.UNAUTHORIZED:
                raise self._unauthorized(answer)
            elif answer.status != HTTPStatus.MULTI_STATUS:
                return None
            else:
                return url, xml_of(answer)
        raise DavRefused(
            f"{self._host} leads from one address to the next without end: give the address that "
            "its help names for CalDAV.",
            0,
        )

    def _asked(self, url: str, body: str, depth: str) -> DavAnswer:
        dav = Dav(CollectionAddress(url, self._user, self._password), self._timeout_s)
        with dav.connected():
            return dav.ask("PROPFIND", path_of(urlsplit(url).path or "/"), body, {"Depth": depth})

    def _joined(self, base: str, reference: str) -> str:
        """Where a server's word leads from an address. Raises DavRefused if it is no address."""
        try:
            joined = urljoin(base, reference)
            urlsplit(joined)
        except ValueError as error:
            raise DavRefused(
                f"{self._host} points to something that is no address: give the address that its "
                "help names for CalDAV.",
                0,
            ) from error
        return joined

    def _demand_known(self, url: str) -> None:
        check_address(url)
        host = urlsplit(url).hostname or ""
        if host != self._host and not host.endswith(f".{self._host}"):
            raise DavRefused(
                f"{self._host} points to {host[:253]}, and the password goes to no other name by "
                f"itself: if that one is right, name it instead.",
                0,
            )
        if urlsplit(self._start).scheme == "https" and urlsplit(url).scheme != "https":
            raise DavRefused(
                f"{self._host} points to an address that anybody on the way could read (http): "
                "give the address that its help names for CalDAV.",
                0,
            )

    def _unauthorized(self, answer: DavAnswer) -> DavRefused:
        schemes = answer.headers.get("www-authenticate", "").lower()
        if "bearer" in schemes and "basic" not in schemes:
            sentence = (
                f"{self._host} lets programs in by OAuth only, which Plausch does not do: use a "
                "calendar with user and password, or an app password if there is one."
            )
        else:
            sentence = (
                f"{self._host} does not take this user and password: correct them; some services "
                "want an app password."
            )
        return DavRefused(sentence, answer.status)


def _href(tree: Element, name: str) -> str:
    return (tree.findtext(f".//{name}/{_DAV}href") or "").strip()


def _name_in(response: Element, url: str) -> str:
    """What it is called, in one line; else the end of its address."""
    said = response.findtext(f".//{_DAV}displayname") or ""
    line = " ".join("".join(one if one.isprintable() else " " for one in said).split())
    return line[:MOST_NAME_CHARACTERS] or unquote(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1])


def _may_write(response: Element) -> bool:
    """Whether the server says so, or says nothing of it."""
    said = response.find(f".//{_DAV}current-user-privilege-set")
    if said is None or not len(said):
        return True
    return any(one.tag in _WRITING for one in said.iter())
