"""A device: its vault, its connection, its conversations. Start with `Client`.

```python
async with await Client.open(home) as bot:
    async for message in bot.messages():
        await message.reply(f"You said: {message.text}")
```
"""

from plausch.sdk.admission import Asking
from plausch.sdk.client import Client
from plausch.sdk.contacts import Contact, ContactState
from plausch.sdk.conversation import Conversation
from plausch.sdk.errors import (
    ChangeForgotten,
    ConversationBroken,
    FileRefused,
    IdentityChanged,
    NotAdmin,
    NotOwner,
    NotParticipant,
    PrivateAccount,
    SdkError,
    ServerMisbehaved,
    ServerRefused,
    TrustRefused,
    UnknownConversation,
    Unreachable,
    VaultBusy,
    VaultDamaged,
    VaultError,
    VaultExists,
    VaultMissing,
    WrongPassphrase,
)
from plausch.sdk.events import (
    AdminsChanged,
    ConnectionChanged,
    ConversationJoined,
    ConversationLeft,
    Event,
    ForkSuspected,
    IdentityKeyChanged,
    LinkChanged,
    MessageChanged,
    MessageReceived,
    ParticipantsChanged,
    PictureChanged,
    ProblemFound,
    StatusChanged,
    TeamSpoke,
    TitleChanged,
)
from plausch.sdk.linking import ExistingPerson, NewPerson
from plausch.sdk.message import IncomingMessage, Kind, SentMessage, State, StoredMessage
from plausch.sdk.outgoing import FileDescription
from plausch.sdk.pairing import PairingRefused
from plausch.sdk.profiles import DirectoryEntry, Profiles, PublishedProfile
from plausch.sdk.public_picture import ReadPicture, read_picture
from plausch.sdk.reporting import Reason
from plausch.sdk.team import Listening, Said, Team

__all__ = [
    "AdminsChanged",
    "Asking",
    "ChangeForgotten",
    "Client",
    "ConnectionChanged",
    "Contact",
    "ContactState",
    "Conversation",
    "ConversationBroken",
    "ConversationJoined",
    "ConversationLeft",
    "DirectoryEntry",
    "Event",
    "ExistingPerson",
    "FileDescription",
    "FileRefused",
    "ForkSuspected",
    "IdentityChanged",
    "IdentityKeyChanged",
    "IncomingMessage",
    "Kind",
    "LinkChanged",
    "Listening",
    "MessageChanged",
    "MessageReceived",
    "NewPerson",
    "NotAdmin",
    "NotOwner",
    "NotParticipant",
    "PairingRefused",
    "ParticipantsChanged",
    "PictureChanged",
    "PrivateAccount",
    "ProblemFound",
    "Profiles",
    "PublishedProfile",
    "ReadPicture",
    "Reason",
    "Said",
    "SdkError",
    "SentMessage",
    "ServerMisbehaved",
    "ServerRefused",
    "State",
    "StatusChanged",
    "StoredMessage",
    "Team",
    "TeamSpoke",
    "TitleChanged",
    "TrustRefused",
    "UnknownConversation",
    "Unreachable",
    "VaultBusy",
    "VaultDamaged",
    "VaultError",
    "VaultExists",
    "VaultMissing",
    "WrongPassphrase",
    "read_picture",
]
