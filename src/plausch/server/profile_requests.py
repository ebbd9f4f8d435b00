"""From the frames about profiles to the service that carries them out, and back (dispatch.py)."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from plausch.server.errors import Refusal
from plausch.server.profiles import Profiles
from plausch.server.records import DeviceRecord
from plausch.wire import frames as f

if TYPE_CHECKING:
    from plausch.server.connection import Connection

Requests = dict[type[f.Frame], Callable[["Connection", Any], Awaitable[f.ServerFrame | None]]]


def profile_requests(profiles: Profiles) -> Requests:
    """What is done about each of the frames."""

    async def publish(connection: "Connection", frame: f.PublishProfile) -> f.ServerFrame:
        await profiles.publish(_speaker(connection), frame.profile)
        return f.Done(frame.id)

    async def withdraw(connection: "Connection", frame: f.WithdrawProfile) -> f.ServerFrame:
        await profiles.withdraw(_speaker(connection), frame.profile)
        return f.Done(frame.id)

    async def get(connection: "Connection", frame: f.GetProfile) -> f.ServerFrame:
        return f.Profile(frame.id, await profiles.get(frame.name))

    async def search(connection: "Connection", frame: f.SearchDirectory) -> f.ServerFrame:
        page = await profiles.search(
            _speaker(connection), frame.words, frame.kind, frame.place, frame.after, frame.limit
        )
        return f.Directory(frame.id, [f.Listed(*one) for one in page.found], page.more)

    return {
        f.PublishProfile: publish,
        f.WithdrawProfile: withdraw,
        f.GetProfile: get,
        f.SearchDirectory: search,
    }


def _speaker(connection: "Connection") -> DeviceRecord:
    """The device that is logged in; the session lets nobody else ask."""
    if connection.device is None:
        raise Refusal("wrong_state", "Log in first.")
    return connection.device
