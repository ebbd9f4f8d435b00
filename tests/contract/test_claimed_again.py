"""A key package whose upload is repeated after it was claimed is not handed out twice."""

import pytest

from delivery_world import SUITE, World
from plausch.server.errors import Refusal


async def test_a_package_uploaded_again_after_it_was_claimed_stays_claimed(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    first, second = anna.bundle(), anna.bundle()
    for raw in ([first.message], [first.message, second.message]):
        await world.key_packages.upload(anna.record, raw, b"")
        ((_, claimed),) = await world.key_packages.claim(cem.record, "anna", SUITE, [])
        assert claimed == raw[-1]
    await world.key_packages.upload(anna.record, [first.message, second.message], b"")
    with pytest.raises(Refusal, match="left a key package"):
        await world.key_packages.claim(cem.record, "anna", SUITE, [])
