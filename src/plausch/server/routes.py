"""What the listening port answers over plain HTTP, and who may open a WebSocket.

GET / is a page that says what this is, GET /healthz is for supervision, /v1/socket is the
protocol; everything else is not found. Responses carry headers that forbid a browser to do
anything with them.
"""

from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address

from picows import WSUpgradeRequest, WSUpgradeResponse

SOCKET_PATH = "/v1/socket"

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
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


def answer(request: WSUpgradeRequest, domain: str) -> WSUpgradeResponse:
    """The answer to a request that is not for the socket."""
    path = _path(request)
    if path == "/healthz":
        return page(HTTPStatus.OK, "ok\n")
    if path == "/":
        return page(HTTPStatus.OK, _PAGE.format(domain=domain), "text/html; charset=utf-8")
    return page(HTTPStatus.NOT_FOUND, "Not found. The protocol is spoken at /v1/socket.\n")


def socket_refusal(
    request: WSUpgradeRequest, origins: frozenset[str], draining: bool
) -> WSUpgradeResponse | None:
    """Why this request may not become a WebSocket; None when it may.

    A browser always says its Origin; a program that is no browser says none and is welcome.
    """
    if draining:
        return page(HTTPStatus.SERVICE_UNAVAILABLE, "The server is stopping; try again.\n")
    if (
        request.headers.get("upgrade", "").lower() != "websocket"
        or request.headers.get("sec-websocket-version") != "13"
    ):
        refusal = page(HTTPStatus.UPGRADE_REQUIRED, "A WebSocket, version 13, is expected here.\n")
        refusal.headers["Sec-WebSocket-Version"] = "13"
        return refusal
    given = request.headers.getall("origin", [])
    if given and (len(given) > 1 or given[0].lower() not in origins):
        return page(
            HTTPStatus.FORBIDDEN,
            "Pages of this origin may not connect; the operator can allow it with `origins`.\n",
        )
    return None


def is_socket(request: WSUpgradeRequest) -> bool:
    """Whether the request is for the protocol's WebSocket."""
    return _path(request) == SOCKET_PATH


def page(
    status: HTTPStatus, text: str, content_type: str = "text/plain; charset=utf-8"
) -> WSUpgradeResponse:
    """An HTTP response with the security headers."""
    headers = {"Content-Type": content_type, **SECURITY_HEADERS}
    body = text.encode()
    if status is HTTPStatus.OK:
        ok: WSUpgradeResponse = WSUpgradeResponse.create_ok_response(body, headers)
        return ok
    refusal: WSUpgradeResponse = WSUpgradeResponse.create_error_response(status, body, headers)
    return refusal


def client_address(request: WSUpgradeRequest, peer: str, behind_proxy: bool) -> str:
    """What an address is counted by: the IPv4 address, or the /64 of the IPv6 address.

    Behind a proxy it is the last entry of X-Forwarded-For, the one the proxy itself wrote.
    """
    if behind_proxy:
        entries = ",".join(request.headers.getall("x-forwarded-for", [])).split(",")
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


def _path(request: WSUpgradeRequest) -> str:
    return request.path.decode("latin-1").partition("?")[0]
