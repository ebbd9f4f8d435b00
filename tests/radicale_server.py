"""A real CalDAV server (Radicale) on loopback, as a process of its own."""

import re
import signal
import subprocess
import sys
from base64 import b64encode
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

from cluster.part import free_port

USER = "linde"
PASSWORD = "kein-geheimnis"  # of a server that lives as long as a test

_CONFIG = """[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[logging]
level = info
"""

_MAKE = (
    '<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
    "<resourcetype><collection/><C:calendar/></resourcetype></prop></set></mkcol>"
)


class Radicale:
    """Start, stop, start again on one folder and port; `request` is what a person's app does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "users").write_text(f"{USER}:{PASSWORD}\n")

    def start(self) -> None:
        self.port = self.port or free_port()
        config = self.folder / "config"
        config.write_text(_CONFIG.format(port=self.port, folder=self.folder))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(config)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stderr is not None
        seen = []
        for line in self._process.stderr:
            seen.append(line)
            if "server ready" in line:
                # Its log goes on; a full pipe would stop it.
                Thread(target=self._process.stderr.read, daemon=True).start()
                return
        raise AssertionError("Radicale did not start:\n" + "".join(seen))

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def url(self, collection: str = "bookings") -> str:
        return f"http://127.0.0.1:{self.port}/{USER}/{collection}/"

    def make(self, collection: str = "bookings") -> str:
        """Make a calendar; its address."""
        status, _, _ = self.request("MKCOL", f"/{USER}/{collection}/", _MAKE)
        assert status == 201, status
        return self.url(collection)

    def request(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """One request with the right password: status, headers in lower case, text."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        secret = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        sent = {"Authorization": f"Basic {secret}", **headers}
        connection.request(method, path, body.encode() or None, sent)
        response = connection.getresponse()
        text = response.read().decode()
        answered = {key.lower(): value for key, value in response.getheaders()}
        connection.close()
        return response.status, answered, text

    def names(self, collection: str = "bookings") -> set[str]:
        """The names of all resources of a calendar."""
        _, _, text = self.request("PROPFIND", f"/{USER}/{collection}/", Depth="1")
        hrefs = re.findall(r"<href>([^<]+)</href>", text)
        return {one.rsplit("/", 1)[1] for one in hrefs if not one.endswith("/")}

    def text(self, name: str, collection: str = "bookings") -> str:
        """What is stored under a name; empty if nothing is."""
        status, _, text = self.request("GET", f"/{USER}/{collection}/{name}")
        return text if status == 200 else ""

    def write(self, name: str, text: str, collection: str = "bookings") -> None:
        """Write over whatever is there, as a careless app does."""
        status, _, _ = self.request(
            "PUT", f"/{USER}/{collection}/{name}", text, **{"Content-Type": "text/calendar"}
        )
        assert status in (201, 204), status

    def delete(self, name: str, collection: str = "bookings") -> None:
        """Delete without looking."""
        status, _, _ = self.request("DELETE", f"/{USER}/{collection}/{name}")
        assert status in (200, 204), status
