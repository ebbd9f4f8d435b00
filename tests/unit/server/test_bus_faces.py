"""Those around the bus are what it needs."""

import pytest

from plausch.server.bus_faces import Ear, Line, PairingEar
from plausch.server.hub import Hub
from plausch.server.nats_line import NatsLine
from plausch.server.pairings import Pairings


@pytest.mark.parametrize(("face", "real"), [(Line, NatsLine), (Ear, Hub), (PairingEar, Pairings)])
def test_the_real_ones_have_what_the_bus_calls(face: type, real: type) -> None:
    wanted = {name for name in vars(face) if not name.startswith("_")}
    assert wanted
    assert wanted <= set(dir(real))
