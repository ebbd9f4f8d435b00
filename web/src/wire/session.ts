/**
 * One connection's life, sans-IO: which frame may come when, and which answer belongs to what.
 *
 * The states are a table (habit 2 of the house); device and server walk the same one:
 *
 *     opening ----Register----> registering --Done or Refused--> opening
 *     opening ----Login-------> logging_in --LoggedIn--> logged_in   (--Refused--> opening)
 *     logged_in --Resume------> resumed
 *     opening ----OpenPairing-> meeting --Done--> pairing         (--Refused--> opening)
 *     opening ----GetBackup, AdoptDevice--> recovering --their answer or Refused--> opening
 *     any --------Closing-----> closed
 *
 * - The server speaks first, with `Hello`; the device may send nothing before it.
 * - While a registration or a login is being judged the device waits: nothing else may be sent.
 * - A connection that pairs does nothing else until it is closed.
 * - Pushes begin once `Resume` is received, so they may overtake `Resumed`: whatever happens while
 *   the server looks up what moved is either in `Resumed` or pushed, or both. In the same way a
 *   pairing's messages begin once `OpenPairing` is received.
 * - `Resume` is repeated to go through all that moved, at most 1,000 conversations at a time.
 * - Every request is answered exactly once, with the answer that belongs to it or `Refused`.
 */

import { LocalError } from '../base/errors.ts';
import { decodeServer, encode, WireError } from './codec.ts';
import {
  CLIENT_FRAMES,
  type ClientFrame,
  type ClientFrameName,
  type ClientFrameOf,
  type Hello,
  PROTOCOL_VERSION,
  type ServerFrame,
  type ServerFrameName,
  type ServerFrameOf,
} from './frames.ts';

/** Where a connection stands. */
export type State =
  | 'opening'
  | 'registering'
  | 'logging_in'
  | 'logged_in'
  | 'resumed'
  | 'meeting'
  | 'pairing'
  | 'recovering'
  | 'closed';

/** What answers each request when it is not refused. */
export const ANSWERS = {
  Register: 'Done',
  Login: 'LoggedIn',
  GetAccount: 'Account',
  GetCertificate: 'Certificate',
  PublishDeviceList: 'Done',
  UploadKeyPackages: 'Done',
  ClaimKeyPackages: 'KeyPackages',
  CreateConversation: 'Done',
  Append: 'Appended',
  AppendCommit: 'Appended',
  Read: 'Envelopes',
  Resume: 'Resumed',
  GetGroupInfo: 'GroupInfo',
  GetCursors: 'Cursors',
  ReadMailbox: 'Mailbox',
  BeginBlob: 'BlobStands',
  PutBlobChunk: 'BlobStands',
  GetBlobChunk: 'BlobChunk',
  DropBlob: 'Done',
  OpenPairing: 'Done',
  SendPairing: 'Done',
  EndPairing: 'Done',
  KeepBackup: 'Done',
  DropBackup: 'Done',
  GetBackup: 'Backup',
  AdoptDevice: 'Done',
  SetWakeUp: 'Done',
  DropWakeUp: 'Done',
  GetWakeUpKey: 'WakeUpKey',
  Report: 'Done',
  PublishProfile: 'Done',
  WithdrawProfile: 'Done',
  GetProfile: 'Profile',
  SearchDirectory: 'Directory',
} as const satisfies Partial<Record<ClientFrameName, ServerFrameName>>;

export type RequestName = keyof typeof ANSWERS;
export type UnansweredName = Exclude<ClientFrameName, RequestName>;

/** The answer to a request, e.g. `AnswerTo<'Read'>` is `Envelopes`. */
export type AnswerTo<Name extends RequestName> = ServerFrameOf<(typeof ANSWERS)[Name]>;

/** A request without the id that the session gives it. */
export type Asked<Name extends RequestName> = Omit<ClientFrameOf<Name>, 'frame' | 'id'>;

/** Frames of the device that are never answered (a refusal comes as `Refused` with id 0). */
export const UNANSWERED: ReadonlySet<ClientFrameName> = new Set<UnansweredName>([
  'Acknowledge',
  'AcknowledgeMailbox',
  'SendEphemeral',
]);

const PUSH_NAMES = [
  'Delivery',
  'MailboxMoved',
  'CursorMoved',
  'Ephemeral',
  'DeviceListMoved',
  'PairingMessage',
] as const;

/** A frame that nobody asked for. */
export type Push = {
  [Name in (typeof PUSH_NAMES)[number]]: ServerFrameOf<Name>;
}[(typeof PUSH_NAMES)[number]];

/** Frames that the server sends unasked, to a device that has resumed, or that pairs. */
export const PUSHES: ReadonlySet<ServerFrameName> = new Set(PUSH_NAMES);

/** In which states each push may come. */
export const PUSHED_IN: Readonly<Record<Push['frame'], readonly State[]>> = {
  Delivery: ['resumed'],
  MailboxMoved: ['resumed'],
  CursorMoved: ['resumed'],
  Ephemeral: ['resumed'],
  DeviceListMoved: ['resumed'],
  PairingMessage: ['meeting', 'pairing'],
};

const OPENING_FRAMES: ReadonlySet<ClientFrameName> = new Set([
  'Register',
  'Login',
  'OpenPairing',
  'GetBackup',
  'AdoptDevice',
]);
const PAIRING_FRAMES: ReadonlySet<ClientFrameName> = new Set(['SendPairing', 'EndPairing']);
const LOGGED_IN_FRAMES: ReadonlySet<ClientFrameName> = new Set(
  (Object.keys(CLIENT_FRAMES) as ClientFrameName[]).filter(
    (name) => !OPENING_FRAMES.has(name) && !PAIRING_FRAMES.has(name),
  ),
);
const NOTHING: ReadonlySet<ClientFrameName> = new Set();

/** Which frames the device may send in which state. */
export const ALLOWED: Readonly<Record<State, ReadonlySet<ClientFrameName>>> = {
  opening: OPENING_FRAMES,
  registering: NOTHING,
  logging_in: NOTHING,
  logged_in: LOGGED_IN_FRAMES,
  resumed: LOGGED_IN_FRAMES,
  meeting: NOTHING,
  pairing: PAIRING_FRAMES,
  recovering: NOTHING,
  closed: NOTHING,
};

type Name = ClientFrameName | ServerFrameName;

/** The frames, of either side, that move a connection to another state. */
export const STEPS: Readonly<Record<State, Readonly<Partial<Record<Name, State>>>>> = {
  opening: {
    Register: 'registering',
    Login: 'logging_in',
    OpenPairing: 'meeting',
    GetBackup: 'recovering',
    AdoptDevice: 'recovering',
  },
  registering: { Done: 'opening', Refused: 'opening' },
  logging_in: { LoggedIn: 'logged_in', Refused: 'opening' },
  logged_in: { Resume: 'resumed' },
  resumed: {},
  meeting: { Done: 'pairing', Refused: 'opening' },
  pairing: {},
  recovering: { Backup: 'opening', Done: 'opening', Refused: 'opening' },
  closed: {},
};

const IN_WORDS: Readonly<Record<State, string>> = {
  opening: 'not logged in',
  registering: 'waiting for the answer to Register',
  logging_in: 'waiting for the answer to Login',
  logged_in: 'logged in',
  resumed: 'logged in',
  meeting: 'waiting for the answer to OpenPairing',
  pairing: 'pairing',
  recovering: 'waiting for the answer about a backup',
  closed: 'closed',
};

function step(state: State, frame: Name): State {
  return frame === 'Closing' ? 'closed' : (STEPS[state][frame] ?? state);
}

/** Whether a frame was sent unasked. */
export function isPush(frame: ServerFrame): frame is Push {
  return PUSHES.has(frame.frame);
}

function isRequest(
  frame: ClientFrame,
): frame is { [Request in RequestName]: ClientFrameOf<Request> }[RequestName] {
  return Object.hasOwn(ANSWERS, frame.frame);
}

/** A device's end of one connection: orders frames, numbers requests, matches answers. */
export class ClientSession {
  #state: State = 'opening';
  #hello: Hello | undefined;
  #lastId = 0;
  readonly #unanswered = new Map<number, RequestName>();

  get state(): State {
    return this.#state;
  }

  /** What the server said first; undefined before. */
  get hello(): Hello | undefined {
    return this.#hello;
  }

  /** How many requests wait for their answer. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** A request id not used before on this connection. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /**
   * The bytes of a frame to send now.
   *
   * Throws LocalError when the frame may not be sent in this state, its id is in use, or a value
   * is none that can be sent.
   */
  sendFrame(frame: ClientFrame): Uint8Array<ArrayBuffer> {
    if (this.#hello === undefined || !ALLOWED[this.#state].has(frame.frame)) {
      const waiting = this.#hello === undefined ? "waiting for the server's Hello" : undefined;
      throw new LocalError(
        `${frame.frame} cannot be sent while the connection is ` +
          `${waiting ?? IN_WORDS[this.#state]}.`,
        { code: 'wrong_state' },
      );
    }
    const raw = encode(frame);
    if (isRequest(frame)) {
      if (this.#unanswered.has(frame.id)) {
        throw new LocalError(`Request id ${frame.id} is still unanswered: use nextId().`);
      }
      this.#unanswered.set(frame.id, frame.frame);
    }
    this.#state = step(this.#state, frame.frame);
    return raw;
  }

  /**
   * One WebSocket message as a frame that makes sense now. Throws WireError.
   *
   * An answer has been matched with its request; `Refused` with id 0 belongs to a frame without an
   * id. After `Closing` the session is closed.
   */
  receiveBytes(raw: Uint8Array): ServerFrame {
    if (this.#state === 'closed') {
      throw new WireError('The server sent a frame after Closing.', { code: 'wrong_state' });
    }
    const frame = decodeServer(raw);
    if (frame.frame === 'Hello') {
      this.#greet(frame);
      return frame;
    }
    if (frame.frame !== 'Closing') {
      this.#expect(frame);
    }
    this.#state = step(this.#state, frame.frame);
    return frame;
  }

  #greet(hello: Hello): void {
    if (this.#hello !== undefined) {
      throw new WireError('The server sent Hello a second time.', { code: 'wrong_state' });
    }
    if (hello.version !== PROTOCOL_VERSION) {
      throw new WireError(
        `The server speaks version ${hello.version} of the protocol, this program version ` +
          `${PROTOCOL_VERSION}; update the older one.`,
        { code: 'bad_version' },
      );
    }
    this.#hello = hello;
  }

  #expect(frame: Exclude<ServerFrame, Hello | ServerFrameOf<'Closing'>>): void {
    if (this.#hello === undefined) {
      throw new WireError(`The server's first frame is ${frame.frame}, not Hello.`, {
        code: 'wrong_state',
      });
    }
    if (!isPush(frame)) {
      this.#match(frame);
    } else if (!PUSHED_IN[frame.frame].includes(this.#state)) {
      throw new WireError(
        `The server pushed ${frame.frame} while the connection is ${IN_WORDS[this.#state]}.`,
        { code: 'wrong_state' },
      );
    }
  }

  /** Every answer belongs to exactly one unanswered request of its type. */
  #match(frame: Exclude<ServerFrame, Hello | ServerFrameOf<'Closing'> | Push>): void {
    if (frame.frame === 'Refused' && frame.id === 0) {
      return;
    }
    const request = this.#unanswered.get(frame.id);
    if (request === undefined) {
      throw new WireError(
        `${frame.frame} answers request ${frame.id}, which was not asked or is answered already.`,
        { code: 'bad_answer' },
      );
    }
    this.#unanswered.delete(frame.id);
    if (frame.frame !== 'Refused' && ANSWERS[request] !== frame.frame) {
      throw new WireError(`${frame.frame} is no answer to ${request}.`, { code: 'bad_answer' });
    }
  }
}
