"""What goes straight to the gateway where a device was found, and what becomes of it when that is
gone; over a line in memory.
"""

import pytest

from plausch.server.bus import MOST_BYTES, NAMED_AT_ONCE, RETURNED_S, SILENT_S
from plausch.server.signals import (
    NEWEST,
    Beat,
    Doubtful,
    Entered,
    Handed,
    Here,
    Minded,
    Missing,
    Told,
    encode,
)
from plausch.server.whereabouts import REMEMBERED_S, Astray

from .test_bus import ANNA, ANNAS_PHONE, BEN, Clock, Gateway, clock, gateways, turn

__all__ = ["clock", "gateways"]


@pytest.fixture
async def found(gateways: tuple[Gateway, Gateway]) -> tuple[Gateway, Gateway]:
    """The first gateway knows that Anna is at the second one."""
    one, two = gateways
    two.bus.enter(ANNA, 1)
    one.bus.seek([ANNA])
    await turn()
    two.bus.answer(one.bus.gateway, [ANNA])
    await turn()
    for gateway in gateways:
        gateway.ear.clear()
        gateway.line.air.published.clear()
    return one, two


async def test_what_is_for_a_device_that_was_found_is_handed_to_its_gateway(
    found: tuple[Gateway, Gateway],
) -> None:
    one, two = found
    one.bus.tell([ANNA, BEN], b"for both")
    assert one.bus.mind([ANNA, BEN]) == [BEN]
    await turn()
    name = one.bus.gateway
    assert two.ear == [Handed(name, [ANNA], b"for both"), Minded(name, [ANNA])]
    subjects = sorted(subject.split(".")[3] for subject in one.line.air.published)
    assert subjects == ["b", "g"], "Ben's bucket, and one publication to the gateway"
    one.bus.tell_all([ANNA], b"to anybody")
    await turn()
    assert two.ear[2:] == [Told([ANNA], b"to anybody")]


async def test_who_is_not_there_any_more_is_sought_again(found: tuple[Gateway, Gateway]) -> None:
    one, two = found
    two.bus.pass_back(one.bus.gateway, [ANNA])
    await turn()
    assert one.ear == [], "the bus alone has to know"
    assert one.bus.mind([ANNA]) == [ANNA]


async def test_who_enters_elsewhere_is_followed(found: tuple[Gateway, Gateway]) -> None:
    one, two = found
    one.bus.enter(ANNAS_PHONE, 1)  # so that it hears of Anna's devices
    one.bus.take(encode([Beat("three", newest=NEWEST), Entered("three", ANNA, 9)]))
    one.bus.tell([ANNA], b"there")
    await turn()
    assert Handed(one.bus.gateway, [ANNA], b"there") not in two.ear
    one.bus.take(encode([Beat("old"), Entered("old", ANNA, 10)]))
    assert one.bus.mind([ANNA]) == [ANNA], "an older version takes nothing that is handed to it"
    one.bus.enter(ANNA, 11)
    one.bus.leave(ANNA)
    assert one.bus.mind([ANNA]) == [ANNA]


async def test_an_older_gateway_is_told_as_before(gateways: tuple[Gateway, Gateway]) -> None:
    one, _ = gateways
    one.bus.take(encode([Beat("old", newest=13), Here([ANNA])]))
    one.bus.take(encode([Here([BEN], "old")]))
    assert one.bus.mind([ANNA, BEN]) == [ANNA, BEN]


async def test_what_was_handed_to_a_gateway_that_is_gone_goes_astray_at_once(
    found: tuple[Gateway, Gateway],
) -> None:
    one, two = found
    one.bus.tell([ANNA], b"to the dead")
    one.bus.mind([ANNA])
    two.line.is_up = False
    await turn()
    assert one.astray == [Astray([ANNA], [ANNA])]
    assert one.bus.mind([ANNA]) == [ANNA]


@pytest.mark.parametrize("how", ["silence", "doubt", "own line is back", "its line is back"])
async def test_what_nobody_may_have_heard_goes_astray(
    found: tuple[Gateway, Gateway], clock: Clock, how: str
) -> None:
    one, two = found
    one.bus.tell([ANNA], b"perhaps to nobody")
    one.bus.mind([ANNA])
    await turn()
    if how == "silence":
        clock.now_s += SILENT_S + 1
        one.bus.look_round()
    elif how == "doubt":
        one.bus.take(encode([Doubtful(two.bus.gateway)]))
    elif how == "own line is back":
        one.bus.line_is_back()
    else:
        two.bus.line_is_back()
        await turn()
    assert one.astray == [Astray([ANNA], [ANNA])]


async def test_nothing_is_made_good_while_nobody_hears_it(
    found: tuple[Gateway, Gateway], clock: Clock
) -> None:
    one, _ = found
    one.bus.tell([ANNA], b"into a line that breaks")
    one.bus.mind([ANNA])
    await turn()
    one.line.is_up = False
    one.bus.lost()
    for _ in range(20):
        clock.now_s += REMEMBERED_S
        one.bus.look_round()
    assert one.astray == []
    one.line.is_up = True
    one.bus.line_is_back()
    assert one.astray == [Astray([ANNA], [ANNA])], "however long it took"


async def test_what_was_dropped_is_made_good_once_and_what_was_untold_has_nothing_to_do_with_it(
    found: tuple[Gateway, Gateway],
) -> None:
    one, _ = found
    one.bus.tell([ANNA], b"perhaps dropped")
    await turn()
    one.bus.untold()
    one.bus._greet()
    assert one.astray == []
    one.bus.lost()
    one.bus.lost()
    assert one.astray == [], "at the next beat: whatever drops signals has enough to do"
    one.bus._greet()
    one.bus._greet()
    assert one.astray == [Astray([ANNA], [])]


async def test_after_a_good_bye_only_who_stays_away_is_woken(
    found: tuple[Gateway, Gateway], clock: Clock
) -> None:
    one, two = found
    one.bus.tell([ANNA], b"perhaps to nobody")
    one.bus.mind([ANNA])
    await turn()
    one.bus.take(encode([Beat(two.bus.gateway, leaves=True)]))
    assert one.astray == [Astray([ANNA], [])]
    one.bus.look_round()
    assert len(one.astray) == 1, "its devices are on their way"
    clock.now_s += RETURNED_S
    one.bus.look_round()
    one.bus.look_round()
    assert one.astray[1:] == [Astray([], [ANNA])]


async def test_many_devices_are_named_in_several_signals(found: tuple[Gateway, Gateway]) -> None:
    one, two = found
    devices = [f"mimi://localhost/d/anna/{number:x}" for number in range(2 * NAMED_AT_ONCE + 1)]
    one.bus.take(encode([Here(devices, two.bus.gateway)]))
    one.bus.tell(devices, b"to many")
    one.bus.mind(devices)
    two.bus.pass_back(one.bus.gateway, devices)
    sizes: list[int] = []
    take = two.line.take
    two.line.take = lambda payload: (sizes.append(len(payload)), take(payload))[1]
    await turn()
    for kind in (Handed, Minded):
        named = [len(signal.devices) for signal in two.ear if isinstance(signal, kind)]
        assert named == [NAMED_AT_ONCE, NAMED_AT_ONCE, 1]
    assert max(sizes) < MOST_BYTES + 1000
    assert one.bus.mind(devices) == devices


async def test_while_the_line_is_down_nobody_minds(found: tuple[Gateway, Gateway]) -> None:
    one, _ = found
    one.line.is_up = False
    assert one.bus.mind([ANNA]) == [ANNA]


async def test_missing_is_believed_of_the_gateway_that_says_it(
    found: tuple[Gateway, Gateway],
) -> None:
    one, _ = found
    one.bus.take(encode([Missing("another one", [ANNA])]))
    assert one.bus.mind([ANNA]) == []
