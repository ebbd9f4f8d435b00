"""What `plausch business` asks of a device: public profiles, and the directory."""

from pathlib import Path

import msgspec

from plausch.agent.profile_file import load_profile
from plausch.base.ids import AccountAddress
from plausch.cli.request import Request
from plausch.cli.targets import full_address
from plausch.domain.profile_codec import encode_profile, parse_body
from plausch.sdk import Client, PublishedProfile, read_picture


class ProfileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A public profile. `body` is what was signed, in hex (spec/profile.md); empty when it is
    withdrawn. `seq` 0: there never was one. `server`: whom the device asks, as it was told."""

    address: str
    server: str = ""
    seq: int = 0
    issued_at_s: int = 0
    body: str = ""

    def published(self) -> "PublishedProfile | None":
        """As the SDK has it; None when there never was one."""
        if not self.seq:
            return None
        profile = parse_body(bytes.fromhex(self.body)) if self.body else None
        return PublishedProfile(
            AccountAddress.parse(self.address), self.seq, self.issued_at_s, profile
        )


class FoundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A business of the directory."""

    address: str
    title: str
    kind: str
    postal_code: str
    locality: str


class DirectoryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the directory. `more`: there are others after the last of them."""

    found: list[FoundRecord]
    more: bool


class ProfileGet(Request[ProfileRecord], frozen=True, kw_only=True, tag="profile_get"):
    """The profile of an account; empty: our own."""

    answer_type = ProfileRecord
    address: str = ""

    async def carry_out(self, client: Client) -> ProfileRecord:
        """Raises as `Profiles.get`."""
        await client.synchronize()
        address = full_address(client, self.address) if self.address else client.address
        found = await client.profiles.get(address)
        if found is None:
            return ProfileRecord(address=str(address), server=client.server_url)
        return profile_record(found, client.server_url)


class ProfilePublish(Request[ProfileRecord], frozen=True, kw_only=True, tag="profile_publish"):
    """Publish the profile that a TOML file describes; `file` is an absolute path."""

    answer_type = ProfileRecord
    file: str

    async def carry_out(self, client: Client) -> ProfileRecord:
        """Raises ConfigurationRefused, FileRefused, and as `Profiles.publish`."""
        read = load_profile(Path(self.file))
        pictures = [(read_picture(path), text) for path, text in read.pictures]
        await client.synchronize()
        published = await client.profiles.publish(read.profile, pictures)
        return profile_record(published, client.server_url)


class ProfileWithdraw(Request[ProfileRecord], frozen=True, kw_only=True, tag="profile_withdraw"):
    """Our own profile goes."""

    answer_type = ProfileRecord

    async def carry_out(self, client: Client) -> ProfileRecord:
        """Raises as `Profiles.withdraw`."""
        await client.synchronize()
        return profile_record(await client.profiles.withdraw(), client.server_url)


class ProfileSearch(Request[DirectoryRecord], frozen=True, kw_only=True, tag="profile_search"):
    """Look into the server's directory."""

    answer_type = DirectoryRecord
    words: str = ""
    kind: str = ""
    place: str = ""
    after: str = ""

    async def carry_out(self, client: Client) -> DirectoryRecord:
        """Raises as `Profiles.search`."""
        await client.synchronize()
        found, more = await client.profiles.search(
            self.words, self.kind, self.place, self.after.partition("@")[0]
        )
        return DirectoryRecord(
            found=[
                FoundRecord(
                    address=str(one.address),
                    title=one.title,
                    kind=one.kind,
                    postal_code=one.postal_code,
                    locality=one.locality,
                )
                for one in found
            ],
            more=more,
        )


def profile_record(found: PublishedProfile, server: str) -> ProfileRecord:
    """What crosses the socket."""
    return ProfileRecord(
        address=str(found.address),
        server=server,
        seq=found.seq,
        issued_at_s=found.issued_at_s,
        body=encode_profile(found.profile).hex() if found.profile is not None else "",
    )
