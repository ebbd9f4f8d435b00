"""Endpoints: URLs that devices hand in and the server then calls, which is dangerous by itself.

A device could name a machine within the operator's network (server-side request forgery). So an
endpoint is https on port 443 and nothing odd, and its host is looked up and judged at each sending:
only addresses of the public internet are connected to, exactly those that were judged.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from plausch.base.errors import LocalError

PORTS = {"https": 443, "http": 80}

_PLAIN = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class EndpointRefused(LocalError):
    """This is no URL at which the server would wake a device."""

    code = "bad_endpoint"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL of a push service, taken apart. `origin` is what a signature is made for."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port, as the header `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def scheme(self) -> str:
        """`https`, or `http` where the operator allows it."""
        return "https" if self.secure else "http"

    @property
    def origin(self) -> str:
        """Scheme, host and port (RFC 6454)."""
        return f"{self.scheme}://{self.authority}"


def parse_endpoint(url: str, *, private: bool = False) -> Endpoint:
    """Take an endpoint apart. `private`: the operator allows push services of their own network.

    Raises EndpointRefused.
    """
    if not _PLAIN.fullmatch(url):
        raise EndpointRefused("An endpoint is a URL without spaces, in ASCII.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise EndpointRefused("The endpoint is no URL.") from None
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise EndpointRefused("An endpoint begins with https://.")
    if "@" in parts.netloc or "#" in url or "\\" in url:
        raise EndpointRefused("An endpoint has no user, no fragment and no backslash.")
    own_port = PORTS[parts.scheme]
    if port is not None and port != own_port and not private:
        raise EndpointRefused(f"An endpoint is on port {own_port}, where push services are.")
    _check_host(host, private)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme == "https", host, own_port if port is None else port, target)


def _check_host(host: str, private: bool) -> None:
    address = _literal(host)
    if address is not None:
        allowed = private or is_public(address)
    else:
        numeric = host.rpartition(".")[2].isdigit()  # 127.1 and 2130706433 are addresses to some
        allowed = bool(_HOST.fullmatch(host)) and not numeric and (private or "." in host)
    if not allowed:
        raise EndpointRefused("The endpoint's host is not one of the public internet.")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, also the one that is wrapped in it."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            return False
        if wrapped is None and address in _TRANSLATED:
            wrapped = ipaddress.IPv4Address(address.packed[-4:])
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not address.is_multicast
