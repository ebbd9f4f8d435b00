"""Those around the hub are what it needs."""

import pytest

from plausch.server.bus import Bus
from plausch.server.connection import Connection
from plausch.server.hub_faces import Listening, Membership, Others, Waking
from plausch.server.rosters import Rosters
from plausch.server.waker import Waker


@pytest.mark.parametrize(
    ("face", "real"),
    [(Listening, Connection), (Membership, Rosters), (Waking, Waker), (Others, Bus)],
)
def test_the_real_ones_have_what_the_hub_calls(face: type, real: type) -> None:
    wanted = {name for name in vars(face) if not name.startswith("_")}
    assert wanted
    assert wanted <= set(dir(real))
