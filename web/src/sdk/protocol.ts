/**
 * What the page asks the device for, and what it is told: the only thing both sides know.
 *
 * Everything here can be cloned by `postMessage`. Accounts are `name@domain`, ids are lower-case
 * hex, times are milliseconds since the Unix epoch. Texts come as they were written: whoever shows
 * them shows them as text.
 */

import type { ConnectionTold, ConnectionView } from '../base/maintenance.ts';
import type { Fault } from '../base/errors.ts';
import type { FileKind } from '../base/file_kind.ts';
import type { Place } from '../base/place.ts';
import type { ReportReason } from '../base/reports.ts';
import type { AgentChange, AgentOperation } from './business_shapes.ts';
import type { CardAnswer, CardView } from './card_shapes.ts';
import type { BackupView, DeviceView, FoundBackupView, Restoring } from './device_shapes.ts';
import type { ProfileOperations } from './profile_shapes.ts';
import type { TeamFact, TeamView } from './team_shapes.ts';

export type * from './business_shapes.ts';
export type * from './device_shapes.ts';
export type * from './team_shapes.ts';
export type { BookingState, CardAnswer, CardView, OptionView, SlotView } from './card_shapes.ts';
export type * from './profile_shapes.ts';

/** The largest file that can be sent. */
export const FILE_LIMIT_BYTES = 100 * 1024 * 1024;

export type ConversationState = 'opening' | 'open' | 'left' | 'failed' | 'broken' | 'ended';

/**
 * How far a message came, never further than is known to be true. `waiting`: on this device only;
 * `sent`: on the server's disk; `delivered`, `read`: to every other participant; `failed`: refused
 * for good; `received`: not ours.
 */
export type MessageState = 'waiting' | 'sent' | 'delivered' | 'read' | 'failed' | 'received';

/** What a message is. `event`: a line of the log that says who did what. */
export type MessageKind = 'text' | 'card' | 'file' | 'event' | 'other';

/** An account. `changed`: it shows a new identity key, and sending waits for a decision. */
export interface ContactView {
  readonly address: string;
  readonly kind: 'person' | 'business';
  readonly state: 'pinned' | 'verified' | 'changed';
  readonly isBlocked: boolean;
}

/** This account and device. */
export interface OwnView {
  readonly address: string;
  readonly device: string;
  readonly kind: 'person' | 'business';
  /** Whether this device is one of a business's staff: it manages nothing. */
  readonly isStaff?: boolean;
}

/** The newest line of a conversation, for its row in the list. */
export interface LastView {
  readonly text: string;
  readonly kind: MessageKind;
  readonly file?: FileKind;
  readonly event?: EventView;
  readonly sender: string;
  readonly isOutgoing: boolean;
  readonly isDeleted: boolean;
  readonly state: MessageState;
  readonly atMs: number;
}

/** One row of the list of conversations. `mutedUntilMs`: 0 not muted. */
export interface ConversationView {
  readonly id: string;
  /** Others that are shown as one with it: whoever has opened one of them goes to this one. */
  readonly insteadOf?: readonly string[];
  readonly kind: 'direct' | 'group';
  /** The group's title, or empty: then the participants name it. */
  readonly title: string;
  /** The other account of a direct conversation. */
  readonly peer?: string;
  /** What that account, a business, calls itself, where nobody whom one knows looks like it. */
  readonly businessName?: string;
  /** With us; in a group also those who are to come. */
  readonly participants: readonly string[];
  /** Who may add and remove others and name admins; empty: everybody. */
  readonly admins: readonly string[];
  /** The group's picture, as image bytes: a small square WebP, JPEG or PNG. */
  readonly picture?: Uint8Array;
  /** The secret of the group's invitation link, while it has one. */
  readonly link?: string;
  readonly state: ConversationState;
  /** A stranger began it, and it was neither answered nor accepted yet. */
  readonly isRequest: boolean;
  readonly isBlocked: boolean;
  /** Whose identity key has changed: nothing is sent until the person decides. */
  readonly changed: readonly string[];
  readonly unread: number;
  readonly last?: LastView;
  readonly activeAtMs: number;
  readonly isPinned: boolean;
  readonly isArchived: boolean;
  readonly mutedUntilMs: number;
  /** Told only of messages that mention this account, or answer it. */
  readonly isMentionsOnly: boolean;
  readonly draft: string;
  /** What messages written from now on expire after, 0: never. */
  readonly expiresAfterS: number;
}

/** What happens in any conversation, and to a group. */
type Happening = 'created' | 'joined' | 'left' | 'titled' | 'expiry' | 'identity' | 'out' | 'ended';
type GroupChange = 'pictured' | 'unpictured' | 'linked' | 'unlinked' | 'promoted' | 'demoted';

/** Who did what, as a line of the log. */
export interface EventView {
  readonly what: Happening | GroupChange;
  readonly by: string;
  readonly who: readonly string[];
  readonly title?: string;
  readonly expiresAfterS?: number;
}

/** The message that another one answers; without text when it is not on this device. */
export interface QuoteView {
  readonly id: string;
  readonly sender?: string;
  readonly text?: string;
}

/** One sign, and who gave it. */
export interface ReactionView {
  readonly sign: string;
  readonly by: readonly string[];
}

/** A picture, file or voice note. `preview`: a small blurred picture (image bytes). */
export interface AttachmentView {
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  readonly waveform?: readonly number[];
  readonly preview?: Uint8Array;
}

/**
 * Whether a request to join can be answered. `open`: by letting them in; `in`: they are in the group
 * already; `over`: the link is not the present one of a group in which this account is an admin.
 */
export interface AdmissionView {
  readonly title: string;
  readonly state: 'open' | 'in' | 'over';
}

export type { Place };

/** One message with its edits, deletion and reactions folded in. */
export interface MessageView {
  readonly id: string;
  readonly conversation: string;
  readonly place: Place;
  readonly sender: string;
  readonly isOutgoing: boolean;
  readonly kind: MessageKind;
  /** The readable text; of a card its fallback. Empty when deleted. */
  readonly text: string;
  /** Whether `text` is GFM-MIMI Markdown (with mentions), or plain words. */
  readonly isMarkdown: boolean;
  readonly mentions: readonly string[];
  readonly card?: CardView;
  readonly attachment?: AttachmentView;
  readonly event?: EventView;
  readonly answers?: QuoteView;
  readonly reactions: readonly ReactionView[];
  readonly isEdited: boolean;
  readonly isDeleted: boolean;
  readonly isForwarded: boolean;
  readonly state: MessageState;
  /** Why it failed: the code of a `Failure`. */
  readonly failure?: string;
  readonly sentAtMs: number;
  readonly expiresAtMs?: number;
  /** The sender saw another state of the group than this device. */
  readonly isForkSuspected: boolean;
}

/**
 * A stretch of a conversation, oldest first, and whether there is more at each end. `firstUnread`:
 * the oldest message that waits to be read, said with a stretch `from` somewhere.
 */
export interface MessagesView {
  readonly messages: readonly MessageView[];
  readonly hasEarlier: boolean;
  readonly hasLater: boolean;
  readonly firstUnread?: string;
}

/** One find of the search. `text` holds the words around the first match. */
export interface HitView {
  readonly conversation: string;
  readonly message: string;
  readonly sender: string;
  readonly text: string;
  readonly sentAtMs: number;
}

/**
 * A device being linked, as one of the two sees it. `showing`: the other one has to scan or paste
 * `link`; `asking`: the person has to say yes to the device, or to the account, of this `name`, and
 * to type the other device's digits if it `asksDigits`; `comparing`: the other device asks for these
 * `digits`. `id` names it among all of this program's run.
 */
export interface LinkingView {
  readonly id: number;
  readonly side: 'new' | 'existing';
  readonly stage: 'connecting' | 'showing' | 'asking' | 'comparing' | 'working' | 'done' | 'failed';
  readonly link?: string;
  readonly name?: string;
  readonly digits?: string;
  readonly asksDigits?: boolean;
  readonly failure?: Failure;
}

/** What is compared: 60 digits in groups of 5, the same as a QR code's text, and of whom. */
export interface SafetyView {
  readonly number: string;
  readonly qr: string;
  readonly contact: ContactView;
}

export interface ProblemView {
  readonly conversation?: string;
  readonly code: string;
  readonly sentence: string;
  readonly atMs: number;
}

/**
 * Where the device stands when the page opens. Without `own` there is no account in this browser;
 * `code`: why there is no connection, "" when there is one or none was tried yet.
 */
export interface OpenedView extends ConnectionView {
  readonly own?: OwnView;
}

/** Which stretch: the newest, those before or after a place, or those around a message. */
export type Stretch =
  | { readonly from: 'end' }
  | { readonly from: 'unread' }
  | { readonly before: Place }
  | { readonly after: Place }
  | { readonly around: string };

/** A conversation's settings that concern this account only. */
export interface Settings {
  readonly isPinned?: boolean;
  readonly isArchived?: boolean;
  readonly mutedUntilMs?: number;
  readonly isMentionsOnly?: boolean;
}

interface Here {
  readonly conversation: string;
}

/**
 * What is said once, however often it is asked for: 16 random bytes in hex, new for each thing that
 * is said. `isAgain`: it was asked for before, and the answer did not come.
 */
interface Once {
  readonly idempotencyId?: string;
  readonly isAgain?: boolean;
}

interface One extends Here {
  readonly message: string;
}

/** A file to send. `file` is read piece by piece. */
export interface Outgoing {
  readonly file: Blob;
  readonly name: string;
  readonly mediaType: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  readonly waveform?: readonly number[];
  readonly preview?: Uint8Array;
  readonly text?: string;
}

/** Every operation: its fields and its answer. All of them may throw a `Failure`. */
export interface Operations extends ProfileOperations {
  /** Who this is, and whether the server is reached. */
  open: (asked: Empty) => OpenedView;
  /** A new account on this page's server. */
  register: (asked: {
    readonly name: string;
    readonly invitation?: string;
    readonly kind?: 'person' | 'business';
  }) => OwnView;

  conversations: (asked: Empty) => readonly ConversationView[];
  conversation: (asked: Here) => ConversationView;
  /** The conversation with an account, begun if there is none. Needs the server for a stranger. */
  conversationWith: (asked: { readonly address: string }) => ConversationView;
  createGroup: (asked: {
    readonly title: string;
    readonly addresses: readonly string[];
  }) => ConversationView;
  messages: (asked: Here & { readonly stretch: Stretch; readonly limit: number }) => MessagesView;
  search: (asked: { readonly query: string; readonly conversation?: string }) => readonly HitView[];

  sendText: (
    asked: Here &
      Once & {
        readonly text: string;
        readonly answers?: string;
        readonly mentions?: readonly string[];
      },
  ) => MessageView;
  answerCard: (
    asked: Here &
      Once & {
        readonly answer: CardAnswer;
        readonly text: string;
        /** Of the text and of this app, BCP 47: in it the other side answers. */
        readonly language: string;
        readonly answers?: string;
      },
  ) => MessageView;
  forward: (asked: One & { readonly to: readonly string[] }) => undefined;
  edit: (asked: One & { readonly text: string }) => undefined;
  remove: (asked: One) => undefined;
  /** Delete for oneself, on this device. */
  hide: (asked: One) => undefined;
  react: (asked: One & { readonly sign: string }) => undefined;
  unreact: (asked: One & { readonly sign: string }) => undefined;
  /** Everything up to a message, or all of it, was read; the senders are told. */
  markRead: (asked: Here & { readonly upTo?: string }) => undefined;
  isUnread: (asked: One) => boolean;
  retry: (asked: One) => undefined;

  sendFile: (asked: Here & Outgoing & { readonly transfer: string }) => MessageView;
  /** The decrypted file, once it is whole. Progress is told under `transfer`. */
  fetchFile: (asked: One & { readonly transfer: string }) => Blob;
  cancelTransfer: (asked: { readonly transfer: string }) => undefined;

  setDraft: (asked: Here & { readonly draft: string }) => undefined;
  change: (asked: Here & Settings) => ConversationView;
  setExpiry: (asked: Here & { readonly expiresAfterS: number }) => undefined;
  accept: (asked: Here) => undefined;
  rename: (asked: Here & { readonly title: string }) => undefined;
  /** A small square picture for a group; none any more when it is empty. */
  setPicture: (asked: Here & { readonly picture: Uint8Array }) => undefined;
  /** A new invitation link in place of the one before, or none any more. */
  setLink: (asked: Here & { readonly isOn: boolean }) => undefined;
  /** Ask an admin to be added to a group, with its link's secret; the conversation with them. */
  askToJoin: (asked: {
    readonly address: string;
    readonly group: string;
    readonly secret: string;
    readonly text: string;
  }) => ConversationView;
  admission: (asked: One) => AdmissionView;
  /** Let in who asks by this message. */
  admit: (asked: One) => undefined;
  add: (asked: Here & { readonly address: string }) => undefined;
  expel: (asked: Here & { readonly address: string }) => undefined;
  /** An admin, or one no longer. */
  appoint: (asked: Here & { readonly address: string; readonly isAdmin: boolean }) => undefined;
  leave: (asked: Here) => undefined;
  /** Forget a conversation that is over. */
  forget: (asked: Here) => undefined;

  contact: (asked: { readonly address: string }) => ContactView;
  contacts: (asked: Empty) => readonly ContactView[];
  safety: (asked: { readonly address: string }) => SafetyView;
  /** `compared`: the number, or the text of the scanned code. */
  markVerified: (asked: { readonly address: string; readonly compared: string }) => ContactView;
  acceptIdentity: (asked: { readonly address: string; readonly compared: string }) => ContactView;
  rejectIdentity: (asked: { readonly address: string }) => ContactView;
  block: (asked: { readonly address: string; readonly isBlocked: boolean }) => ContactView;
  /** Disclose messages of one account to the operator of the server; how many were disclosed. */
  report: (
    asked: Here & {
      readonly messages: readonly string[];
      readonly reason: ReportReason;
      readonly note: string;
    },
  ) => number;

  devices: (asked: Empty) => readonly DeviceView[];
  removeDevice: (asked: { readonly device: string }) => undefined;
  nameDevice: (asked: { readonly device: string; readonly name: string }) => undefined;

  /** Show a code. `name`: what this device is called, if it is new; `staff`: whose the other is. */
  beginLinking: (asked: { readonly name?: string; readonly staff?: string }) => LinkingView;
  /** Answer the code of the other device. `isScanned`: the camera has read it from its screen. */
  linkWith: (asked: {
    readonly link: string;
    readonly name?: string;
    readonly staff?: string;
    readonly isScanned?: boolean;
  }) => LinkingView;
  /** The person's yes to this linking, with the digits that the other device shows. */
  confirmLinking: (asked: { readonly id: number; readonly digits?: string }) => undefined;
  cancelLinking: (asked: Empty) => undefined;

  backup: (asked: Empty) => BackupView;
  /** A new recovery key, and the first backup for it. The key is told this once. */
  setUpRecovery: (asked: { readonly passphrase?: string }) => { readonly recoveryKey: string };
  stopBackups: (asked: Empty) => undefined;
  backUp: (asked: Empty) => BackupView;
  saveBackupFile: (asked: Empty) => Blob;
  /** Try again what has not come; `file`: the backup file that it is in. */
  fetchHistory: (asked: { readonly file?: Blob }) => BackupView;
  /** Do without what has not come. */
  forgoHistory: (asked: Empty) => BackupView;
  /** Look before restoring. `file`: of this backup file instead of the server's. */
  findBackup: (asked: Restoring & { readonly file?: Blob }) => FoundBackupView;
  /** This browser becomes a device of the account; its history follows. */
  restore: (asked: Restoring & { readonly isAlone: boolean; readonly file?: Blob }) => OwnView;
  problems: (asked: Empty) => readonly ProblemView[];
  /** By which key the server signs its wake-ups, as a browser takes it. */
  wakeUpKey: (asked: Empty) => Uint8Array;
  /** Wake this device there, by an empty web push, while it is not connected. */
  setWakeUp: (asked: { readonly endpoint: string }) => undefined;
  dropWakeUp: (asked: Empty) => undefined;

  /**
   * One operation of the business's agent (business_shapes.ts); its answer comes from another program
   * and is looked at before it is used.
   */
  askAgent: (asked: { readonly operation: AgentOperation; readonly params: unknown }) => unknown;
  /** What the business's devices have said to each other. */
  team: (asked: Empty) => TeamView;
  tellTeam: (asked: { readonly fact: TeamFact }) => undefined;
  /** Delete everything in this browser. */
  erase: (asked: Empty) => undefined;
}

export type Empty = Readonly<Record<string, never>>;
export type Operation = keyof Operations;
export type Asked<K extends Operation> = Parameters<Operations[K]>[0];
export type Answered<K extends Operation> = ReturnType<Operations[K]>;

/** Each operation, done by whoever is there when it is asked for. */
export type Table = {
  readonly [K in Operation]: (asked: Asked<K>) => Answered<K> | Promise<Answered<K>>;
};

/** What happens without being asked for; told after it is in the vault. */
export type Told =
  | { readonly what: 'conversation'; readonly conversation: ConversationView }
  | { readonly what: 'gone'; readonly conversation: string }
  | { readonly what: 'message'; readonly message: MessageView }
  | { readonly what: 'hidden'; readonly conversation: string; readonly message: string }
  | { readonly what: 'contact'; readonly contact: ContactView }
  | { readonly what: 'problem'; readonly problem: ProblemView }
  | ConnectionTold
  | {
      readonly what: 'transfer';
      readonly transfer: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  | { readonly what: 'linking'; readonly linking: LinkingView }
  /** The agent says that its book has changed; empty `dates`: any. */
  | AgentChange
  | { readonly what: 'team'; readonly team: TeamView }
  /** Everything that the server had for this device was read, and told before this. */
  | { readonly what: 'caught_up' }
  /** Another tab's worker has the device now: what the page knows may be old. */
  | { readonly what: 'moved' }
  /** Begin anew: this browser's device was erased or is another one now. */
  | { readonly what: 'reset' };

/** Why an operation did nothing. The page has the sentence for `code` in its own language. */
export interface Failure {
  readonly code: string;
  readonly fault: Fault;
  readonly sentence: string;
  readonly retryAfterMs?: number;
}

/** From the page to the worker. */
export interface Request<K extends Operation = Operation> {
  readonly id: number;
  readonly operation: K;
  readonly asked: Asked<K>;
}

/** From the worker to the page. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly told: Told };
