"""A network of its own for a server, joined to the test's by bridges that a test can cut.

A cut bridge swallows packets: nobody is told that a connection has ended, as with a broken switch
or a firewall that forgot. A deaf one still carries what the island says and swallows the answers.
The test, and what it starts, is in a network of its own, too, as long as there is an island: if the
machine's own network changed, browsers of other tests would give up what they are loading
(ERR_NETWORK_CHANGED).

Needs root and Linux's network namespaces; the tests are skipped where they are not permitted.
"""

import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_HERE = "/proc/thread-self/ns/net"
"""The network of the thread that asks, and of what it starts."""

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


class Island:
    """A network namespace with one pair of virtual interfaces for each bridge."""

    def __init__(self, *bridges: str) -> None:
        token = secrets.token_hex(4)
        self.name = f"plausch-{token}"
        self._token, self._bridges = token, list(bridges)
        self._shore = f"{self.name}-shore"
        self._machine = -1
        self._net = f"10.{secrets.randbelow(128) + 100}.{secrets.randbelow(256)}"

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to put before a command that shall run there."""
        return ("nsenter", f"--net=/run/netns/{self.name}")

    def here(self, bridge: str) -> str:
        """The address of the test's end."""
        return f"{self._net}.{4 * self._bridges.index(bridge) + 1}"

    def there(self, bridge: str) -> str:
        """The address of the island's end."""
        return f"{self._net}.{4 * self._bridges.index(bridge) + 2}"

    def cut(self, bridge: str) -> None:
        """From now on packets vanish both ways."""
        _ip("link", "set", self._interface(bridge), "down")

    def deafen(self, bridge: str) -> None:
        """From now on packets to the island vanish."""
        _ip("route", "add", "blackhole", f"{self.there(bridge)}/32")

    def mend(self, bridge: str) -> None:
        """The bridge carries again."""
        _ip("link", "set", self._interface(bridge), "up")
        _ip("route", "del", "blackhole", f"{self.there(bridge)}/32", check=False)

    def begin(self) -> None:
        """Make both networks; the thread that calls this is in the test's from then on."""
        for name in (self.name, self._shore):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        self._machine = os.open(_HERE, os.O_RDONLY)
        shore = os.open(f"/run/netns/{self._shore}", os.O_RDONLY)
        _enter(shore)
        os.close(shore)
        for bridge in self._bridges:
            mine, far = self._interface(bridge), f"{bridge}0"
            _ip("link", "add", mine, "type", "veth", "peer", "name", far, "netns", self.name)
            _ip("addr", "add", f"{self.here(bridge)}/30", "dev", mine)
            _ip("-n", self.name, "addr", "add", f"{self.there(bridge)}/30", "dev", far)
            _ip("-n", self.name, "link", "set", far, "up")
            _ip("link", "set", mine, "up")

    def end(self) -> None:
        """Back to the machine's network; the others go, and their interfaces with them."""
        if self._machine >= 0:
            _enter(self._machine)
            os.close(self._machine)
        for name in (self.name, self._shore):
            _ip("netns", "del", name, check=False)

    def _interface(self, bridge: str) -> str:
        return f"pl{self._token}{self._bridges.index(bridge)}"


@contextmanager
def island(*bridges: str) -> Iterator[Island]:
    """An island with these bridges; skips the test where there can be none."""
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("nsenter") is None:
        pytest.skip("network namespaces need root, and the programs ip and nsenter")
    made = Island(*bridges)
    try:
        try:
            made.begin()
        except _NotPermitted as error:
            pytest.skip(f"this machine makes no network namespaces: {error}")
        yield made
    finally:
        made.end()


class _NotPermitted(Exception):
    """Root may not do it here, as in a container."""


def _enter(network: int) -> None:
    """This thread is in that network (a file) from now on. Raises OSError."""
    if _LIBC.setns(network, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*arguments: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if not check or done.returncode == 0:
        return
    if "Operation not permitted" in done.stderr:
        raise _NotPermitted(done.stderr.strip())
    # Whatever else goes wrong is a fault of the test, and a skipped test would hide it.
    raise AssertionError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
