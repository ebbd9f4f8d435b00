"""What the listening port answers over plain HTTP, and who may open a WebSocket.

`/` and `/NAME` are the web app (site.py), GET /healthz is for supervision, /v1/socket is the
protocol; everything else is not found. Answers that are not the web app's carry headers that
forbid a browser to do anything with them.
"""

from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address

from multidict import CIMultiDict

from plausch.base.http import COMMON_HEADERS, Answer, Request
from plausch.server.site import Site

SOCKET_PATH = "/v1/socket"

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    **COMMON_HEADERS,
    "Cache-Control": "no-store",
}

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Plausch server</title></head>
<body>
<h1>This is a Plausch server.</h1>
<p>Plausch is an open, end-to-end encrypted messenger for people and the businesses they deal
with. This server carries messages for addresses ending in <b>@{domain}</b>; it cannot read
them. Use a Plausch program to talk to somebody here.</p>
<p>The web app is not built into this installation. Its operator can build it: <code>make web</code>
in a checkout of Plausch, then start the server again.</p>
</body>
</html>
"""


def allowed_origins(domain: str, host: str, port: int, others: Iterable[str]) -> frozenset[str]:
    """The web origins under which this very server may be reached, and the operator's `others`;
    in lower case, as they are compared.

    The Host header is not asked: with a name of the attacker's that points here, it would
    agree with any Origin (DNS rebinding).
    """
    names = {domain, f"{domain}:{port}", f"{host}:{port}", f"localhost:{port}", f"127.0.0.1:{port}"}
    own = [f"{scheme}://{name}" for scheme in ("http", "https") for name in names]
    return frozenset([one.lower() for one in (*own, *others)])


def answer(request: Request, domain: str, site: Site | None) -> Answer:
    """The answer to a request that is not for the socket."""
    refusal = request_refusal(request)
    if refusal is not None:
        return refusal
    if request.path == "/healthz":
        return page(HTTPStatus.OK, "ok\n")
    found = site.answer(request) if site is not None else None
    if found is not None:
        return found
    if request.path == "/":
        return page(HTTPStatus.OK, _PAGE.format(domain=domain), "text/html; charset=utf-8")
    return page(HTTPStatus.NOT_FOUND, "Not found. The protocol is spoken at /v1/socket.\n")


def request_refusal(request: Request) -> Answer | None:
    """Why nothing here answers such a request; None when something may."""
    if request.method not in ("GET", "HEAD"):
        text = "Only GET and HEAD are answered here; the protocol is spoken at /v1/socket.\n"
        return page(HTTPStatus.METHOD_NOT_ALLOWED, text, Allow="GET, HEAD")
    if request.has_body:
        return page(HTTPStatus.BAD_REQUEST, "A request may not have a body here.\n")
    return None


def socket_refusal(request: Request, origins: frozenset[str], draining: bool) -> Answer | None:
    """Why this request may not become a WebSocket; None when it may.

    A browser always says its Origin; a program that is no browser says none and is welcome.
    """
    refusal = request_refusal(request)
    if refusal is not None:
        return refusal
    if draining:
        return page(HTTPStatus.SERVICE_UNAVAILABLE, "The server is stopping; try again.\n")
    if (
        request.method != "GET"
        or request.headers.get("upgrade", "").lower() != "websocket"
        or request.headers.get("sec-websocket-version") != "13"
    ):
        text = "A WebSocket, version 13, is expected here.\n"
        wanted = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        return page(HTTPStatus.UPGRADE_REQUIRED, text, **wanted)
    given = request.headers.getall("origin", [])
    if given and (len(given) > 1 or given[0].lower() not in origins):
        return page(
            HTTPStatus.FORBIDDEN,
            "Pages of this origin may not connect; the operator can allow it with `origins`.\n",
        )
    return None


def is_socket(request: Request) -> bool:
    """Whether the request is for the protocol's WebSocket."""
    return request.path == SOCKET_PATH


def page(
    status: HTTPStatus,
    text: str,
    content_type: str = "text/plain; charset=utf-8",
    **headers: str,
) -> Answer:
    """An answer with the security headers."""
    return Answer(
        status, {"Content-Type": content_type, **SECURITY_HEADERS, **headers}, text.encode()
    )


def client_address(headers: CIMultiDict[str], peer: str, behind_proxy: bool) -> str:
    """What an address is counted by: the IPv4 address, or the /64 of the IPv6 address.

    Behind a proxy it is the last entry of X-Forwarded-For, the one the proxy itself wrote.
    """
    if behind_proxy:
        entries = ",".join(headers.getall("x-forwarded-for", [])).split(",")
        peer = entries[-1].strip() or peer
    host = peer.partition("]")[0].lstrip("[")  # [2001:db8::1]:443
    if host.count(":") == 1:  # 192.0.2.1:443
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:  # a proxy may say "unknown"
        return peer[:64]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, 64), strict=False))
