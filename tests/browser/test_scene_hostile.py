"""A lying server between honest devices: the page refuses or repairs each lie, and says so."""

import re
from dataclasses import dataclass

import msgspec
import pytest
from playwright.sync_api import expect

from browser.front import Front, Weather
from browser.people import Member, Person, Troupe
from cast import state_of
from crooked import Crooked, account_of, alter_envelopes, honest, impostor, moved
from plausch.identity.device_list import DeviceList
from plausch.sdk import State
from plausch.sdk.conversation import Conversation
from plausch.wire import frames as f


@dataclass(frozen=True)
class Scene:
    """Anna's server lies; Cem's is the real one. They know each other."""

    anna: Person
    cem: Member
    theirs: Conversation
    crooked: Crooked
    front: Front

    def reconnects(self) -> None:
        self.cem.do(self._cut())

    async def _cut(self) -> None:
        self.crooked.cut()

    async def _push(self, frame: f.ServerFrame) -> None:
        self.crooked.push(frame)

    def is_under(self, weather: Weather) -> None:
        """Anna's network, from now on."""
        self.cem.do(self.front.turn(weather))

    def pushes(self, frame: f.ServerFrame) -> None:
        """The server says something of its own making."""
        self.cem.do(self._push(frame))


def liar(troupe: Troupe) -> tuple[Crooked, Front]:
    """A network whose WebSockets end at a lying server; honest at first."""
    crooked = troupe.backstage.crooked(f"http://127.0.0.1:{troupe.port}")
    front = troupe.backstage.front(troupe.port)
    front.socket_port = int(crooked.url.rpartition(":")[2])
    return crooked, front


@pytest.fixture
def scene(troupe: Troupe) -> Scene:
    crooked, front = liar(troupe)
    anna = troupe.person("Anna", "en", "desktop", url=front.url)
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("hello")
    theirs = cem.hears().conversation
    cem.says(theirs, "known")
    anna.sees("known")
    return Scene(anna, cem, theirs, crooked, front)


def digits(person: Person) -> str:
    """The safety number that the page shows."""
    shown = person.page.locator(".digits span")
    expect(shown).to_have_count(12)
    return "".join(shown.all_inner_texts())


def real_digits(cem: Member, name: str) -> str:
    return re.sub(r"[^0-9]", "", cem.do(cem.client.safety_number(f"{name}@localhost")))


def lies_about(cem: Member, crooked: Crooked) -> None:
    """The server shows other keys for Cem."""
    false_cem = impostor(cem.client)
    crooked.to_device = lambda frame: (
        [account_of(false_cem, frame.id)]
        if isinstance(frame, f.Account) and frame.name == cem.name
        else [frame]
    )


def test_the_safety_numbers_of_honest_devices_are_the_same(scene: Scene) -> None:
    """Otherwise the tests below would prove nothing."""
    scene.anna.opens_details()
    scene.anna.page.get_by_role("button", name=scene.anna.say("details.safety")).first.click()
    assert digits(scene.anna) == real_digits(scene.cem, scene.anna.name)


def test_a_swapped_key_at_first_contact_shows_in_the_safety_number(troupe: Troupe) -> None:
    crooked, front = liar(troupe)
    anna = troupe.person("Anna", "de", "desktop", url=front.url)
    cem = troupe.member("Cem")
    lies_about(cem, crooked)
    anna.begins_with(cem.name)
    # It goes on lying: the true key would come as a changed one, whose number is shown then.
    anna.opens_details()
    anna.page.get_by_role("button", name=anna.say("details.safety")).first.click()
    assert digits(anna) != real_digits(cem, anna.name)


def test_a_swapped_key_later_stops_sending_until_a_decision(scene: Scene) -> None:
    anna, cem = scene.anna, scene.cem
    cem.do(state_of(scene.theirs, State.READ))  # nothing more is on its way
    before = len(scene.crooked.appends())
    lies_about(cem, scene.crooked)
    # Written before anything can be known: with the connection the field may go at once.
    scene.is_under(Weather.DOWN)
    anna.writes("Is it you?")
    scene.is_under(Weather.FAIR)
    expect(anna.page.get_by_text(anna.say("conversation.changed", cem.name))).to_be_visible()
    expect(anna.field).to_have_count(0)
    assert len(scene.crooked.appends()) == before
    anna.button("conversation.compare").click()
    assert digits(anna) != real_digits(cem, anna.name)
    # From here on the pinned key counts again, and what was written goes out to it.
    anna.button("details.rejectKey").click()


def test_a_ghost_device_gets_nothing(scene: Scene) -> None:
    anna, cem = scene.anna, scene.cem
    ghost = impostor(cem.client)
    assert ghost.identity is not None
    now_s = cem.client._device.core.now_s()
    forged = DeviceList.issue(
        ghost.identity, cem.client.address, [("f" * 16, ghost.device_key.public)], now_s
    )
    scene.crooked.to_device = lambda frame: (
        [f.Account(frame.id, frame.name, frame.kind, frame.identity_key, forged)]
        if isinstance(frame, f.Account) and frame.name == cem.name
        else [frame]
    )
    before = len(scene.crooked.appends())
    scene.reconnects()
    anna.writes("only for Cem")
    anna.sees_state("only for Cem", "waiting")
    assert len(scene.crooked.appends()) == before
    scene.crooked.to_device = honest
    scene.reconnects()
    assert cem.hears().text == "only for Cem"
    assert len(scene.theirs.members) == 2


def test_a_replayed_message_is_shown_once(scene: Scene) -> None:
    cem = scene.cem
    cem.do(state_of(scene.theirs, State.READ))  # nothing more is on its way
    from_cem = [one for one in scene.crooked.envelopes() if one.sender == cem.client.device.uri]
    head = cem.client._device.core.lives[scene.theirs.id].kept.cursor
    again = moved(from_cem[-1], head + 1)
    scene.pushes(f.Delivery(scene.theirs.id, again.seq, [again]))
    expect(scene.anna.page.locator(".note")).not_to_have_count(0)
    assert scene.anna.texts().count("known") == 1


def test_clocks_that_differ_are_told_of(scene: Scene) -> None:
    """The device's own clock is the worker's, which no test turns: the server's is."""
    apart_ms = 2 * 3_600_000
    scene.crooked.to_device = lambda frame: (
        [msgspec.structs.replace(frame, server_time_ms=frame.server_time_ms + apart_ms)]
        if isinstance(frame, f.LoggedIn)
        else [frame]
    )
    scene.reconnects()
    scene.anna.is_told("clock_wrong")
    scene.cem.says(scene.theirs, "it works all the same")
    scene.anna.sees("it works all the same")


def test_reordered_messages_are_all_shown(scene: Scene) -> None:
    lines = [f"line {number}" for number in range(4)]
    scene.crooked.to_device = lambda frame: [] if isinstance(frame, f.Delivery) else [frame]
    for line in lines:
        scene.cem.says(scene.theirs, line)

    def backwards(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        places = [envelope.seq for envelope in envelopes]
        return [
            moved(envelope, seq) for envelope, seq in zip(reversed(envelopes), places, strict=True)
        ]

    scene.crooked.to_device = lambda frame: alter_envelopes(frame, backwards)
    scene.reconnects()
    for line in lines:
        scene.anna.sees(line)
    assert sorted(text for text in scene.anna.texts() if text in lines) == lines


def test_a_message_that_was_left_out_is_missed(scene: Scene) -> None:
    scene.crooked.to_device = lambda frame: [] if isinstance(frame, f.Delivery) else [frame]
    for word in ("first word", "second word", "third word"):
        scene.cem.says(scene.theirs, word)
    scene.crooked.to_device = lambda frame: alter_envelopes(
        frame, lambda envelopes: [one for at, one in enumerate(envelopes) if at != 1]
    )
    scene.reconnects()
    scene.anna.is_told("log_gap")
    scene.anna.sees("third word")


def test_an_altered_message_is_refused_and_the_next_is_read(scene: Scene) -> None:
    def flip(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        return [
            f.Envelope(
                one.seq,
                one.epoch,
                one.kind,
                one.accepted_at_ms,
                one.sender,
                one.message[:-1] + bytes([one.message[-1] ^ 1]),
                one.stamp,
            )
            for one in envelopes
        ]

    scene.crooked.to_device = lambda frame: alter_envelopes(frame, flip)
    scene.cem.says(scene.theirs, "altered on its way")
    expect(scene.anna.page.locator(".note")).not_to_have_count(0)
    scene.crooked.to_device = honest
    scene.cem.says(scene.theirs, "whole again")
    scene.anna.sees("whole again")
    assert "altered on its way" not in scene.anna.texts()


def test_a_forked_group_is_noticed(troupe: Troupe) -> None:
    """The server takes two Commits of one epoch and shows each half its own."""
    crooked, front = liar(troupe)
    anna = troupe.person("Anna", "en", "desktop", url=front.url)
    cem, ben, olga = troupe.member("Cem"), troupe.member("Ben"), troupe.member("Olga")
    names = [f"{name}@localhost" for name in (anna.name, ben.name)]
    group = cem.do(cem.client.create_group("Club", names))
    cem.says(group, "hello")
    ben.hears()
    anna.goes_to("Club")
    anna.accepts()
    cem.do(group.make_admin(f"{anna.name}@localhost"))
    anna.writes("hello all")
    assert cem.hears().text == "hello all"
    anna.sees_state("hello all", "delivered")
    cursor = cem.client._device.core.lives[group.id].kept.cursor
    own: list[f.Envelope] = []

    def swallow(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.AppendCommit):
            sender = f"mimi://localhost/d/{anna.name}/{'0' * 16}"
            own.append(f.Envelope(cursor + 1, frame.epoch, f.COMMIT, 0, sender, frame.message, b""))
            crooked.push(f.Appended(frame.id, cursor + 1, 0))
            crooked.push(f.Delivery(group.id, cursor + 1, own))
            return []
        if isinstance(frame, f.Read):
            rest = [envelope for envelope in own if envelope.seq > frame.after]
            crooked.push(f.Envelopes(frame.id, group.id, rest, cursor + len(own)))
            return []
        return [] if isinstance(frame, f.Append) else [frame]

    crooked.to_server = swallow
    crooked.to_device = lambda frame: [] if isinstance(frame, f.Delivery) else [frame]
    details = anna.opens_details()
    details.get_by_label(anna.say("details.addLabel")).fill(olga.name)
    anna.page.keyboard.press("Enter")
    anna.sees_event(anna.say("event.joinedYou", olga.name))
    cem.do(group.remove(f"{ben.name}@localhost"))
    crooked.to_device = lambda frame: alter_envelopes(
        frame, lambda envelopes: [one for one in envelopes if one.kind == f.APPLICATION]
    )
    cem.says(group, "can you read this?")
    told = anna.page.locator(".note").filter(has_text=anna.say("failure.fork_suspected"))
    marked = anna.log.get_by_text(anna.say("message.fork"))
    expect(told.or_(marked).or_(anna.page.locator(".note.failed")).first).to_be_visible()
    assert "can you read this?" not in anna.texts()
    assert olga.client.conversations() == []
