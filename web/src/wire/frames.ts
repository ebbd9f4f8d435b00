/**
 * The units of the client-server protocol (spec/wire.md).
 *
 * One WebSocket binary message carries one frame: a msgpack array whose first element is the
 * frame's tag. Requests carry `id`, chosen by the device, unique among its unanswered requests;
 * the answer repeats it. Frames without `id` are pushed by the server. Opaque byte fields hold MLS
 * messages or signed identity objects exactly as their authors encoded them.
 */

import { BLOB_CLIENT_FRAMES, BLOB_SERVER_FRAMES } from './blobs.ts';
import {
  BYTES,
  bytes,
  CONVERSATION_BYTES,
  COUNT,
  FLAG,
  type Framed,
  IDEMPOTENCY_BYTES,
  int,
  KNOWN,
  type Layout,
  list,
  NONCE_BYTES,
  optionalFlag,
  optionalInt,
  pair,
  record,
  REQUEST_ID,
  SENTENCE,
  SIGNATURE_BYTES,
  SUITE_ID,
  TOKEN,
  URI,
  type Value,
  WORD,
} from './frame.ts';
import { LINKING_CLIENT_FRAMES, LINKING_SERVER_FRAMES } from './linking.ts';
import { PROFILE_CLIENT_FRAMES, PROFILE_SERVER_FRAMES } from './profiles.ts';
import { REPORT_CLIENT_FRAMES } from './reports.ts';
import { WAKE_CLIENT_FRAMES, WAKE_SERVER_FRAMES } from './wakes.ts';

export const PROTOCOL_VERSION = 1;

/** The kinds of envelopes. */
export const APPLICATION = 1;
export const PROPOSAL = 2;
export const COMMIT = 3;

/**
 * What the server keeps of one message: its place, time, kind, sender's device, opaque bytes.
 *
 * `sender` is the device URI of the connection that appended it; `stamp` is 32 bytes for an
 * application message with a frank (sdk/franked.ts), else empty.
 */
export const ENVELOPE = record('Envelope', {
  seq: COUNT,
  epoch: COUNT,
  kind: int(APPLICATION, COMMIT),
  acceptedAtMs: COUNT,
  sender: URI,
  message: BYTES,
  stamp: bytes(0, 32),
});

/** A conversation whose head is past this device's cursor. */
export const MOVED = record('Moved', {
  conversation: CONVERSATION_BYTES,
  cursor: COUNT,
  head: COUNT,
  epoch: COUNT,
});

/** A Welcome: its place in the mailbox, the conversation, the Commit's seq in its log. */
export const MAILBOX_ITEM = record('MailboxItem', {
  item: COUNT,
  conversation: CONVERSATION_BYTES,
  seq: COUNT,
  acceptedAtMs: COUNT,
  sender: URI,
  welcome: BYTES,
});

/** What a device sends. */
export const CLIENT_FRAMES = {
  /** A new account with its first device. Answer: `Done`. */
  Register: {
    tag: 2,
    fields: {
      id: REQUEST_ID,
      name: WORD,
      /** "person" or "business". */
      kind: WORD,
      /** Empty when registration is open. */
      invitation: TOKEN,
      certificate: BYTES,
      deviceList: BYTES,
    },
  },

  /** Signature by the device key over the login challenge (identity/login). Answer: `LoggedIn`. */
  Login: { tag: 3, fields: { id: REQUEST_ID, device: URI, signature: SIGNATURE_BYTES } },

  /** Look up an account by name on this server. Answer: `Account`. */
  GetAccount: { tag: 10, fields: { id: REQUEST_ID, name: WORD } },

  /** The newest certificate of a device of this account. Answer: `Certificate`. */
  GetCertificate: { tag: 16, fields: { id: REQUEST_ID, device: URI } },

  /**
   * The account's next signed device list, with certificates of newly listed devices.
   *
   * Answer: `Done`. Devices no longer listed lose their session, key packages and mailbox.
   */
  PublishDeviceList: {
    tag: 12,
    fields: { id: REQUEST_ID, deviceList: BYTES, certificates: list(BYTES, 64) },
  },

  /**
   * More key packages of this device (MLSMessage bytes each). Answer: `Done`.
   *
   * `lastResort` replaces the stored one when not empty.
   */
  UploadKeyPackages: {
    tag: 13,
    fields: { id: REQUEST_ID, keyPackages: list(BYTES, 100), lastResort: BYTES },
  },

  /**
   * One key package for each listed device of an account, for one suite. Answer: `KeyPackages`.
   *
   * `devices` empty: all devices of the account.
   */
  ClaimKeyPackages: {
    tag: 14,
    fields: { id: REQUEST_ID, name: WORD, suite: SUITE_ID, devices: list(URI, 64) },
  },

  /**
   * A new conversation at epoch 0 whose only member is this device. Answer: `Done`.
   *
   * `groupInfo` is an MLSMessage(GroupInfo) with the ratchet tree in it. Repeating it with the
   * same bytes is answered `Done` again.
   */
  CreateConversation: {
    tag: 20,
    fields: { id: REQUEST_ID, conversation: CONVERSATION_BYTES, groupInfo: BYTES },
  },

  /**
   * Append an application message or a proposal to the log. Answer: `Appended`.
   *
   * `idempotencyId` (16 random bytes): a retry gets the first answer again. `quiet`: nobody has to
   * be woken for it.
   */
  Append: {
    tag: 21,
    fields: {
      id: REQUEST_ID,
      conversation: CONVERSATION_BYTES,
      epoch: COUNT,
      kind: int(APPLICATION, PROPOSAL),
      message: BYTES,
      idempotencyId: IDEMPOTENCY_BYTES,
      quiet: optionalFlag(false),
    },
  },

  /**
   * Append a Commit with everything that belongs to it, in one transaction. Answer: `Appended`.
   *
   * `welcome` is an MLSMessage(Welcome) or empty, and `welcomeTo` the device URIs it is for;
   * `groupInfo` is the next epoch's MLSMessage(GroupInfo), ratchet tree included.
   */
  AppendCommit: {
    tag: 22,
    fields: {
      id: REQUEST_ID,
      conversation: CONVERSATION_BYTES,
      epoch: COUNT,
      message: BYTES,
      idempotencyId: IDEMPOTENCY_BYTES,
      groupInfo: BYTES,
      welcome: BYTES,
      welcomeTo: list(URI, 1000),
    },
  },

  /** Envelopes after `after`, at most `limit` (1 to 500). Answer: `Envelopes`. */
  Read: {
    tag: 24,
    fields: {
      id: REQUEST_ID,
      conversation: CONVERSATION_BYTES,
      after: COUNT,
      limit: int(1, 500),
    },
  },

  /** This device has everything up to `seq` in its vault. No answer; cursors only advance. */
  Acknowledge: { tag: 26, fields: { conversation: CONVERSATION_BYTES, seq: COUNT } },

  /**
   * Begin pushes, and say what moved since this device's cursors. Answer: `Resumed`.
   *
   * `after`: empty at first; while `Resumed` says `more`, the last conversation that it named.
   */
  Resume: { tag: 27, fields: { id: REQUEST_ID, after: bytes(0, 16) } },

  /**
   * The current GroupInfo of a conversation, for an external join by a participant's device.
   *
   * Answer: `GroupInfo`.
   */
  GetGroupInfo: { tag: 29, fields: { id: REQUEST_ID, conversation: CONVERSATION_BYTES } },

  /**
   * How far the devices of the other participants have a conversation's log.
   *
   * For a sender that was away while `CursorMoved` was pushed. Answer: `Cursors`.
   */
  GetCursors: { tag: 31, fields: { id: REQUEST_ID, conversation: CONVERSATION_BYTES } },

  /** This device's Welcomes after `after`, at most `limit` (1 to 50). Answer: `Mailbox`. */
  ReadMailbox: { tag: 40, fields: { id: REQUEST_ID, after: COUNT, limit: int(1, 50) } },

  /** The Welcomes up to `item` are in the vault; the server forgets them. No answer. */
  AcknowledgeMailbox: { tag: 42, fields: { item: COUNT } },

  /** Send an MLS PrivateMessage that is stored nowhere to the members online now. No answer. */
  SendEphemeral: { tag: 53, fields: { conversation: CONVERSATION_BYTES, message: BYTES } },

  ...BLOB_CLIENT_FRAMES,
  ...LINKING_CLIENT_FRAMES,
  ...WAKE_CLIENT_FRAMES,
  ...REPORT_CLIENT_FRAMES,
  ...PROFILE_CLIENT_FRAMES,
} as const satisfies Readonly<Record<string, Layout>>;

/** What the server sends. */
export const SERVER_FRAMES = {
  /** Server's first frame: what it is, and the nonce that `Login` signs (32 bytes). */
  Hello: {
    tag: 1,
    fields: {
      version: COUNT,
      domain: TOKEN,
      nonce: NONCE_BYTES,
      /** "open", "invitation" or "closed". */
      registration: WORD,
    },
  },

  /** The connection now speaks for this device; pushes begin after `Resume`. */
  LoggedIn: {
    tag: 4,
    fields: {
      id: REQUEST_ID,
      serverTimeMs: COUNT,
      /** How many unclaimed key packages the server holds for this device. */
      keyPackages: COUNT,
      hasLastResort: FLAG,
    },
  },

  /** The request is durably carried out and has nothing else to say. */
  Done: { tag: 5, fields: { id: REQUEST_ID } },

  /**
   * The request was refused; nothing was changed.
   *
   * `code` is a stable word (spec/wire.md lists them), `sentence` is for people, `fault` is
   * "local" (the requester must change something), "remote" (another party) or "operator" (the
   * server; try again after `retryAfterMs`). `epoch` and `head` say what is true now when the code
   * is `stale_epoch`, else they are -1. `id` is 0 when the frame could not be attributed.
   */
  Refused: {
    tag: 6,
    fields: {
      id: COUNT,
      code: WORD,
      sentence: SENTENCE,
      fault: WORD,
      retryAfterMs: optionalInt(COUNT, 0),
      epoch: optionalInt(KNOWN, -1),
      head: optionalInt(KNOWN, -1),
    },
  },

  /** An account's public record. The device list is signed by its identity key. */
  Account: {
    tag: 11,
    fields: { id: REQUEST_ID, name: WORD, kind: WORD, identityKey: BYTES, deviceList: BYTES },
  },

  /** A device certificate, signed by the account's identity key. */
  Certificate: { tag: 17, fields: { id: REQUEST_ID, certificate: BYTES } },

  /**
   * Claimed key packages; each is handed out once, save a last-resort one.
   *
   * Pairs of device URI and MLSMessage(KeyPackage).
   */
  KeyPackages: { tag: 15, fields: { id: REQUEST_ID, keyPackages: list(pair(URI, BYTES)) } },

  /** The message is on disk at position `seq`, accepted at `acceptedAtMs` (server's clock). */
  Appended: { tag: 23, fields: { id: REQUEST_ID, seq: COUNT, acceptedAtMs: COUNT } },

  /** A stretch of the log. `head` is the log's last seq: read on while the last one is less. */
  Envelopes: {
    tag: 25,
    fields: {
      id: REQUEST_ID,
      conversation: CONVERSATION_BYTES,
      envelopes: list(ENVELOPE),
      head: COUNT,
    },
  },

  /** What moved, at most 1,000 conversations. `more`: resume again after the last of them. */
  Resumed: {
    tag: 28,
    fields: {
      id: REQUEST_ID,
      moved: list(MOVED),
      /** Number of Welcomes waiting. */
      mailbox: COUNT,
      more: FLAG,
    },
  },

  /** MLSMessage(GroupInfo) of the current epoch. */
  GroupInfo: {
    tag: 30,
    fields: { id: REQUEST_ID, conversation: CONVERSATION_BYTES, groupInfo: BYTES },
  },

  /** Device URI and seq of the member devices of other accounts. */
  Cursors: {
    tag: 32,
    fields: { id: REQUEST_ID, conversation: CONVERSATION_BYTES, cursors: list(pair(URI, COUNT)) },
  },

  /** A stretch of the mailbox. */
  Mailbox: { tag: 41, fields: { id: REQUEST_ID, items: list(MAILBOX_ITEM) } },

  /**
   * The log of a conversation grew. Small envelopes come along; otherwise `envelopes` is empty and
   * the device reads from its cursor. `head` is the log's last seq.
   */
  Delivery: {
    tag: 50,
    fields: { conversation: CONVERSATION_BYTES, head: COUNT, envelopes: list(ENVELOPE) },
  },

  /** A Welcome waits in this device's mailbox. */
  MailboxMoved: { tag: 51, fields: { item: COUNT } },

  /** A member device of another account acknowledged up to `seq` (a delivery mark). */
  CursorMoved: { tag: 52, fields: { conversation: CONVERSATION_BYTES, device: URI, seq: COUNT } },

  /** An ephemeral message from `sender` (device URI). */
  Ephemeral: { tag: 54, fields: { conversation: CONVERSATION_BYTES, sender: URI, message: BYTES } },

  /** An account that shares a conversation with this device published a new device list. */
  DeviceListMoved: { tag: 55, fields: { name: WORD } },

  ...BLOB_SERVER_FRAMES,
  ...LINKING_SERVER_FRAMES,
  ...WAKE_SERVER_FRAMES,
  ...PROFILE_SERVER_FRAMES,

  /** The server is about to close this connection; `code` as in `Refused`. */
  Closing: { tag: 60, fields: { code: WORD, sentence: SENTENCE, retryAfterMs: COUNT } },
} as const satisfies Readonly<Record<string, Layout>>;

export type ClientFrameName = keyof typeof CLIENT_FRAMES;
export type ServerFrameName = keyof typeof SERVER_FRAMES;

/** A frame of the device by its name, e.g. `ClientFrameOf<'Append'>`. */
export type ClientFrameOf<Name extends ClientFrameName> = Framed<
  Name,
  (typeof CLIENT_FRAMES)[Name]
>;

/** A frame of the server by its name, e.g. `ServerFrameOf<'Envelopes'>`. */
export type ServerFrameOf<Name extends ServerFrameName> = Framed<
  Name,
  (typeof SERVER_FRAMES)[Name]
>;

export type ClientFrame = { [Name in ClientFrameName]: ClientFrameOf<Name> }[ClientFrameName];
export type ServerFrame = { [Name in ServerFrameName]: ServerFrameOf<Name> }[ServerFrameName];

export type Hello = ServerFrameOf<'Hello'>;
export type LoggedIn = ServerFrameOf<'LoggedIn'>;
export type Refused = ServerFrameOf<'Refused'>;
export type Closing = ServerFrameOf<'Closing'>;
export type Envelope = Value<typeof ENVELOPE>;
export type Moved = Value<typeof MOVED>;
export type MailboxItem = Value<typeof MAILBOX_ITEM>;
