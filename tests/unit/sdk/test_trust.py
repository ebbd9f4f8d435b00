"""Attacks of a server on identities: each is refused, and the reason is said."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from plausch.base.clock import ManualClock
from plausch.base.errors import Fault
from plausch.base.ids import AccountAddress
from plausch.identity.safety_number import Party, qr_payload
from plausch.mls.credential import Credential, CredentialRefused, Role
from plausch.sdk.contacts import ContactState
from plausch.sdk.errors import IdentityChanged, ServerRefused, TrustRefused
from plausch.sdk.events import Feed, IdentityKeyChanged
from plausch.sdk.trust import NeedsAccount, Trust
from plausch.sdk.vault.vault import Vault
from plausch.wire import frames as f
from unit.sdk.identities import NOW_S, YEAR_S, Person

SECOND = "0" * 15 + "2"


@dataclass
class Shown:
    """What the server shows for each name, and how often it was asked."""

    answers: dict[str, f.Account] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def ask(self, name: str) -> f.Account:
        self.asked.append(name)
        if name not in self.answers:
            raise ServerRefused("No such account.", code="unknown_account", fault=Fault.LOCAL)
        return self.answers[name]


@dataclass
class Scene:
    trust: Trust
    shown: Shown
    feed: Feed
    clock: ManualClock
    anna: Person
    vault: Vault

    async def meet(self, person: Person) -> None:
        self.shown.answers[person.name] = person.shown()
        await self.trust.refresh(person.address)

    async def judge(self, credential: Credential, key: bytes, role: Role = "member") -> None:
        """As sync does it: look up what is missing, then judge."""
        looked_up: set[AccountAddress] = set()
        while True:
            try:
                self.trust.judge(looked_up)(credential, key, role)
            except NeedsAccount as need:
                with contextlib.suppress(TrustRefused, ServerRefused):
                    await self.trust.refresh(need.address)
                looked_up.add(need.address)
            else:
                return


@pytest.fixture
async def scene(vault: Vault) -> AsyncIterator[Scene]:
    anna, shown, feed = Person("anna"), Shown(), Feed()
    clock = ManualClock(NOW_S * 1000)
    trust = Trust(vault, anna.address, shown.ask, feed, clock)
    await trust.pin_own("person", anna.lists[-1])
    yield Scene(trust, shown, feed, clock, anna, vault)


async def test_first_sight_pins(scene: Scene) -> None:
    cem = Person("cem", kind="business")
    await scene.meet(cem)
    kept = scene.trust.account(cem.address)
    assert kept is not None
    assert kept.identity_key == cem.identity.public
    assert (kept.state, kept.kind, kept.known) == (ContactState.PINNED, "business", False)


async def test_what_was_pinned_is_there_after_a_restart(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    again = Trust(scene.vault, scene.anna.address, scene.shown.ask, scene.feed, scene.clock)
    await again.load()
    assert again.account(cem.address) == scene.trust.account(cem.address)


async def test_ensure_asks_only_once(scene: Scene) -> None:
    cem = Person("cem")
    scene.shown.answers["cem"] = cem.shown()
    await scene.trust.ensure(cem.address)
    await scene.trust.ensure(cem.address)
    assert scene.shown.asked == ["cem"]


async def test_freshen_asks_once_a_connection(scene: Scene) -> None:
    cem = Person("cem")
    scene.shown.answers["cem"] = cem.shown()
    for connection in (1, 1, 2, 2):
        await scene.trust.freshen([cem.address], connection)
    assert scene.shown.asked == ["cem", "cem"]


async def test_accounts_of_other_servers_are_out_of_reach(scene: Scene) -> None:
    with pytest.raises(TrustRefused, match="lives on another server"):
        await scene.trust.refresh(AccountAddress("cem", "example.org"))


# --- a server that shows something else -----------------------------------------------------


async def test_a_new_identity_key_stops_sending_until_it_is_accepted(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    events = scene.feed.listen()
    impostor = cem.impostor()
    await scene.meet(impostor)
    with pytest.raises(IdentityChanged, match="compare safety numbers"):
        scene.trust.demand_unchanged([cem.address])
    assert await anext(events) == IdentityKeyChanged(cem.address)
    kept = scene.trust.account(cem.address)
    assert kept is not None and kept.identity_key == cem.identity.public
    await scene.trust.accept_identity(cem.address, scene.trust.safety_number(cem.address))
    scene.trust.demand_unchanged([cem.address])
    kept = scene.trust.account(cem.address)
    assert kept is not None and kept.identity_key == impostor.identity.public
    assert kept.state is ContactState.PINNED


async def test_the_change_is_told_once(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    events = scene.feed.listen()
    impostor = cem.impostor()
    await scene.meet(impostor)
    await scene.meet(impostor)
    impostor.add_device(SECOND)
    await scene.meet(impostor)
    scene.feed.close()
    assert [event async for event in events] == [IdentityKeyChanged(cem.address)]


async def test_a_third_key_is_told_as_well(scene: Scene) -> None:
    """Whoever has just compared numbers with the second must not accept the third unawares."""
    cem = Person("cem")
    await scene.meet(cem)
    events = scene.feed.listen()
    await scene.meet(cem.impostor())
    compared = scene.trust.safety_number(cem.address)
    third = cem.impostor()
    await scene.meet(third)
    scene.feed.close()
    assert [event async for event in events] == [IdentityKeyChanged(cem.address)] * 2
    with pytest.raises(TrustRefused, match="not the safety number with cem@localhost") as caught:
        await scene.trust.accept_identity(cem.address, compared)
    assert caught.value.code == "safety_number_differs"
    kept = scene.trust.account(cem.address)
    assert kept is not None
    assert (kept.identity_key, kept.offered_key) == (cem.identity.public, third.identity.public)


async def test_a_key_that_comes_while_a_person_decides_is_not_accepted_unawares(
    scene: Scene,
) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    await scene.meet(cem.impostor())
    compared = scene.trust.safety_number(cem.address)
    third = cem.impostor()
    looking, deciding = await asyncio.gather(
        scene.meet(third),
        scene.trust.accept_identity(cem.address, compared),
        return_exceptions=True,
    )
    assert looking is None
    assert isinstance(deciding, TrustRefused)
    kept = scene.trust.account(cem.address)
    assert kept is not None and kept.offered_key == third.identity.public


async def test_a_key_swapped_at_first_contact_is_found_out_later(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem.impostor())
    swapped = scene.trust.safety_number(cem.address)
    await scene.meet(cem)
    with pytest.raises(IdentityChanged):
        scene.trust.demand_unchanged([cem.address])
    with pytest.raises(TrustRefused):
        await scene.trust.accept_identity(cem.address, swapped)
    await scene.trust.accept_identity(cem.address, scene.trust.safety_number(cem.address))
    await scene.judge(cem.credential(), cem.key())


async def test_a_rejected_key_is_gone_and_the_pinned_one_stays(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    number = scene.trust.safety_number(cem.address)
    await scene.meet(cem.impostor())
    assert scene.trust.safety_number(cem.address) != number
    await scene.trust.reject_identity(cem.address)
    scene.trust.demand_unchanged([cem.address])
    kept = scene.trust.account(cem.address)
    assert kept is not None and kept.state is ContactState.PINNED
    assert (kept.offered_key, kept.offered_list) == (b"", b"")
    assert scene.trust.safety_number(cem.address) == number
    await scene.meet(cem)
    await scene.judge(cem.credential(), cem.key())


async def test_a_server_that_goes_on_lying_is_found_out_again(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    events = scene.feed.listen()
    impostor = cem.impostor()
    await scene.meet(impostor)
    await scene.trust.reject_identity(cem.address)
    await scene.meet(impostor)
    with pytest.raises(IdentityChanged):
        scene.trust.demand_unchanged([cem.address])
    scene.feed.close()
    assert [event async for event in events] == [IdentityKeyChanged(cem.address)] * 2


async def test_going_back_to_the_pinned_key_does_not_hide_the_change(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    await scene.meet(cem.impostor())
    await scene.meet(cem)
    with pytest.raises(IdentityChanged):
        scene.trust.demand_unchanged([cem.address])


async def test_a_verified_contact_that_changes_has_to_be_verified_again(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    before = scene.trust.safety_number(cem.address)
    await scene.trust.mark_verified(cem.address, before)
    await scene.meet(cem.impostor())
    now = scene.trust.safety_number(cem.address)
    for compared in (before, now):
        with pytest.raises(IdentityChanged):
            await scene.trust.mark_verified(cem.address, compared)
    await scene.trust.accept_identity(cem.address, now)
    kept = scene.trust.account(cem.address)
    assert kept is not None and kept.state is ContactState.PINNED


async def test_a_rolled_back_device_list_is_refused(scene: Scene) -> None:
    cem = Person("cem")
    cem.add_device(SECOND)
    await scene.meet(cem)
    scene.shown.answers["cem"] = cem.shown(0)
    with pytest.raises(TrustRefused, match="older than list") as caught:
        await scene.trust.refresh(cem.address)
    assert caught.value.code == "device_list_rollback"
    assert len(scene.trust.device_list(cem.address).devices) == 2


async def test_another_history_of_lists_is_refused(scene: Scene) -> None:
    cem = Person("cem")
    fork = Person("cem", identity=cem.identity, devices=dict(cem.devices), lists=list(cem.lists))
    cem.add_device(SECOND)
    fork.add_device("f" * 16)
    await scene.meet(cem)
    scene.shown.answers["cem"] = fork.shown()
    with pytest.raises(TrustRefused) as caught:
        await scene.trust.refresh(cem.address)
    assert caught.value.code == "device_list_fork"


async def test_a_list_of_somebody_else_is_refused(scene: Scene) -> None:
    mallory = Person("mallory")
    scene.shown.answers["cem"] = f.Account(
        1, "cem", "person", mallory.identity.public, mallory.lists[-1]
    )
    with pytest.raises(TrustRefused, match="not of that account"):
        await scene.trust.refresh(AccountAddress("cem", "localhost"))


async def test_a_forged_list_is_refused(scene: Scene) -> None:
    cem = Person("cem")
    raw = bytearray(cem.lists[-1])
    raw[-1] ^= 1
    scene.shown.answers["cem"] = f.Account(1, "cem", "person", cem.identity.public, bytes(raw))
    with pytest.raises(TrustRefused):
        await scene.trust.refresh(cem.address)


async def test_another_key_for_this_very_account_is_refused(scene: Scene) -> None:
    impostor = scene.anna.impostor()
    scene.shown.answers["anna"] = impostor.shown()
    with pytest.raises(TrustRefused, match="this very account"):
        await scene.trust.refresh(scene.anna.address)


# --- judging leaves --------------------------------------------------------------------------


async def test_a_listed_device_is_accepted(scene: Scene) -> None:
    cem = Person("cem")
    scene.shown.answers["cem"] = cem.shown()
    await scene.judge(cem.credential(), cem.key(), "key_package")
    assert scene.trust.verdict(cem.credential(), cem.key()) == "good"
    assert scene.trust.device(cem.credential()) == cem.device_address()


async def test_a_leaf_with_another_key_than_its_certificate(scene: Scene) -> None:
    cem, mallory = Person("cem"), Person("mallory")
    await scene.meet(cem)
    with pytest.raises(CredentialRefused) as caught:
        await scene.judge(cem.credential(), mallory.key())
    assert caught.value.code == "leaf_key_mismatch"
    assert scene.trust.verdict(cem.credential(), mallory.key()) == "bad"


async def test_a_swapped_certificate(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    impostor = cem.impostor()
    with pytest.raises(CredentialRefused) as caught:
        await scene.judge(impostor.credential(), impostor.key())
    assert caught.value.code == "identity_key_changed"


async def test_an_unlisted_device_is_not_added(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    ghost = Person("cem", identity=cem.identity)
    ghost.devices = {SECOND: ghost.devices["0" * 15 + "1"]}
    with pytest.raises(CredentialRefused) as caught:
        await scene.judge(ghost.credential(SECOND), ghost.key(SECOND), "key_package")
    assert caught.value.code == "device_not_listed"
    assert scene.shown.asked == ["cem", "cem"], "the list was looked up again before refusing"


async def test_a_device_listed_since_is_found_by_looking_again(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    cem.add_device(SECOND)
    scene.shown.answers["cem"] = cem.shown()
    await scene.judge(cem.credential(SECOND), cem.key(SECOND), "key_package")


async def test_a_removed_member_is_tolerated_and_never_encrypted_to(scene: Scene) -> None:
    cem = Person("cem")
    cem.add_device(SECOND)
    await scene.meet(cem)
    credential, key = cem.credential(SECOND), cem.key(SECOND)
    cem.remove_device(SECOND)
    await scene.meet(cem)
    await scene.judge(credential, key, "member")
    await scene.judge(credential, key, "added")
    assert scene.trust.verdict(credential, key) == "outdated"
    roles: tuple[Role, ...] = ("key_package", "joiner", "external_sender")
    for role in roles:
        with pytest.raises(CredentialRefused) as caught:
            await scene.judge(credential, key, role)
        assert caught.value.code == "device_not_listed"


async def test_an_expired_certificate(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    credential = cem.credential()
    scene.clock.advance(2 * YEAR_S * 1000)
    with pytest.raises(CredentialRefused) as caught:
        await scene.judge(credential, cem.key(), "key_package")
    assert caught.value.code == "certificate_expired"
    assert scene.trust.verdict(credential, cem.key()) == "outdated"


async def test_basic_credentials_are_nobody(scene: Scene) -> None:
    with pytest.raises(CredentialRefused, match="not a device certificate"):
        await scene.judge(Credential.basic(b"cem"), b"k" * 32)
    assert scene.trust.verdict(Credential.basic(b"cem"), b"k" * 32) == "bad"


async def test_an_account_that_the_server_denies_is_refused(scene: Scene) -> None:
    cem = Person("cem")
    with pytest.raises(CredentialRefused, match="could not be looked up"):
        await scene.judge(cem.credential(), cem.key())


async def test_devices_of_other_servers_are_refused(scene: Scene) -> None:
    elsewhere = Person("cem")
    raw = elsewhere.certificate()
    foreign = AccountAddress("anna", "example.org")
    trust = Trust(scene.vault, foreign, scene.shown.ask, scene.feed, scene.clock)
    with pytest.raises(CredentialRefused, match="another server"):
        trust.judge(set())(Credential(0xF0A1, raw), elsewhere.key(), "member")


async def test_many_certificates_do_not_fill_memory(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plausch.sdk.trust.CERTIFICATES_REMEMBERED", 2)
    people = [Person(name) for name in ("cem", "ben", "olga", "jonas")]
    for person in people:
        assert scene.trust.device(person.credential()) == person.device_address()


# --- people's decisions ----------------------------------------------------------------------


async def test_verified_and_known_are_kept(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    await scene.trust.set_known([cem.address, AccountAddress("nobody", "localhost")])
    await scene.trust.mark_verified(cem.address, scene.trust.safety_number(cem.address))
    (contact,) = scene.trust.contacts()
    assert (contact.address, contact.state, contact.known) == (
        cem.address,
        ContactState.VERIFIED,
        True,
    )


async def test_accepting_without_a_change_does_nothing(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    version = scene.trust.version
    await scene.trust.accept_identity(cem.address, scene.trust.safety_number(cem.address))
    await scene.trust.reject_identity(cem.address)
    assert scene.trust.version == version


async def test_whoever_compared_another_number_has_not_compared(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    number = scene.trust.safety_number(cem.address)
    wrong = str((int(number[0]) + 1) % 10) + number[1:]
    for compared in ("", "yes", number[:-1], number + " 00000", wrong, "plausch-verify:"):
        with pytest.raises(TrustRefused):
            await scene.trust.mark_verified(cem.address, compared)
        kept = scene.trust.account(cem.address)
        assert kept is not None and kept.state is ContactState.PINNED
    await scene.trust.mark_verified(cem.address, number.replace(" ", ""))
    kept = scene.trust.account(cem.address)
    assert kept is not None and kept.state is ContactState.VERIFIED


async def test_a_scanned_code_is_a_comparison_as_well(scene: Scene) -> None:
    cem = Person("cem")
    await scene.meet(cem)
    mine = Party(scene.anna.address, scene.anna.identity.public)
    theirs = Party(cem.address, cem.identity.public)
    forged = Party(cem.address, cem.impostor().identity.public)
    for shown, code in (
        (qr_payload(mine, theirs), "wrong_party"),
        (qr_payload(forged, mine), "safety_number_differs"),
    ):
        with pytest.raises(TrustRefused) as caught:
            await scene.trust.mark_verified(cem.address, shown)
        assert caught.value.code == code
    await scene.trust.mark_verified(cem.address, qr_payload(theirs, mine))
    kept = scene.trust.account(cem.address)
    assert kept is not None and kept.state is ContactState.VERIFIED


async def test_unknown_accounts_have_no_list_and_no_number(scene: Scene) -> None:
    cem = AccountAddress("cem", "localhost")
    for call in (scene.trust.device_list, scene.trust.safety_number):
        with pytest.raises(TrustRefused, match="not known"):
            call(cem)
