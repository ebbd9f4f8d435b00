/**
 * From the server's logs and mailbox into the vault: prepare, write, after.
 *
 * For each stretch of a log: every envelope is processed (`receive`, `epochs`), then the group's new
 * state, the messages and the cursor are written in one transaction, then the server is told that
 * they are here, then listeners. A crash before the write repeats the stretch; after it, nothing is
 * seen twice, because cursor and keys moved together. Live pushes only say that a log has grown:
 * live and catch-up are one path.
 */

import { EMPTY, toHex } from '../base/bytes.ts';
import { type PlauschError, RemoteError } from '../base/errors.ts';
import { NameRefused } from '../base/ids.ts';
import { EpochMark, isFork } from '../content/fork.ts';
import { ProtocolError } from '../mls/errors.ts';
import { parsePrivateMessage } from '../mls/framing.ts';
import { StagedCommit, StagedMessage } from '../mls/staged.ts';
import type { Core, Live } from './core.ts';
import type { Epochs } from './epochs.ts';
import { Errands } from './errands.ts';
import { ServerRefused, Unreachable } from './errors.ts';
import { markIn } from './franked.ts';
import type { Joining } from './joining.ts';
import { lastLine } from './last_line.ts';
import { beyond, gap, shortened, torn } from './log_faults.ts';
import { Mail } from './mail.ts';
import { learnMarks, takeCursor } from './reached.ts';
import { Outcome, ownCameBack, takeContent } from './receive.ts';
import type { Envelope, Moved } from './server.ts';
import type { Stock } from './stock.ts';
import { takeReadElsewhere } from './unread.ts';

export const READ_LIMIT = 100;
export const RESUME_PAGES = 1_000;

/** What the server says without being asked. */
export type Pushed =
  | {
      readonly push: 'delivery';
      readonly conversation: Uint8Array;
      readonly head: number;
      readonly envelopes: readonly Envelope[];
    }
  | { readonly push: 'mail' }
  | {
      readonly push: 'cursor';
      readonly conversation: Uint8Array;
      readonly device: string;
      readonly seq: number;
    }
  | { readonly push: 'device_list'; readonly name: string };

/** Brings what the server holds for this device into the vault. */
export class Sync {
  readonly #core: Core;
  readonly #epochs: Epochs;
  readonly #mail: Mail;
  readonly #reading = new Set<string>();
  readonly #pushed = new Map<string, Envelope[]>();
  readonly #errands: Errands;

  /** How far each device has come, while that is being noted. */
  readonly #marks = new Map<string, number>();

  constructor(core: Core, epochs: Epochs, joining: Joining, stock: Stock) {
    this.#core = core;
    this.#epochs = epochs;
    this.#mail = new Mail(core, joining, stock, epochs, this);
    this.#errands = new Errands((step) => {
      core.spawn(step);
    });
  }

  // -- pushes

  /** Starts what is needed and returns at once. */
  takePush(push: Pushed): void {
    switch (push.push) {
      case 'delivery':
        this.#takeDelivery(push.conversation, push.head, push.envelopes);
        return;
      case 'mail':
        this.#errands.run('mail', () => this.#mail.look());
        return;
      case 'cursor':
        this.#takeCursor(push.conversation, push.device, push.seq);
        return;
      case 'device_list':
        this.#errands.run(`list of ${push.name}`, () => this.#epochs.deviceListMoved(push.name));
        return;
    }
  }

  /** Of many marks of one device the highest counts. */
  #takeCursor(conversation: Uint8Array, device: string, seq: number): void {
    const what = `mark of ${device} in ${toHex(conversation)}`;
    if (!this.#core.lives.has(toHex(conversation))) {
      return;
    }
    const highest = Math.max(seq, this.#marks.get(what) ?? 0);
    this.#marks.set(what, highest);
    const isGoing = this.#errands.run(what, async () => {
      const at = this.#marks.get(what) ?? 0;
      await takeCursor(this.#core, conversation, device, at);
      if (this.#marks.get(what) === at) {
        this.#marks.delete(what);
      }
    });
    if (!isGoing) {
      this.#marks.delete(what);
    }
  }

  #takeDelivery(conversation: Uint8Array, head: number, envelopes: readonly Envelope[]): void {
    const live = this.#core.lives.get(toHex(conversation));
    if (live === undefined) {
      return; // its Welcome is still on the way; joining reads the log
    }
    if (envelopes.length > 0) {
      // What is too much here is read: nothing that is pushed makes this grow without end.
      const waiting = this.#pushed.get(live.id.hex) ?? [];
      waiting.push(...envelopes.slice(0, READ_LIMIT - waiting.length));
      this.#pushed.set(live.id.hex, waiting);
    }
    // Below the cursor: late, or the server knows less than it did. Its answer says which.
    const end = head > 0 && head < live.kept.cursor ? live.kept.cursor + 1 : head;
    live.head = Math.max(live.head, end);
    live.told = Math.max(live.told, end);
    if (live.kept.cursor < live.head && !this.#reading.has(live.id.hex)) {
      this.#reading.add(live.id.hex);
      this.#core.spawn(() => this.#readInBackground(live));
    }
  }

  async #readInBackground(live: Live): Promise<void> {
    try {
      await this.#core.patiently(() => this.#readOn(live));
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // the next connection begins where the cursor stands
      }
      if (!(error instanceof ServerRefused)) {
        throw error;
      }
      await this.#core.report(live.id, undefined, error);
    } finally {
      this.#reading.delete(live.id.hex);
      this.#pushed.delete(live.id.hex);
    }
  }

  // -- catching up

  /**
   * Ask what moved, and return when all of it is in the vault.
   *
   * Throws Unreachable, ServerRefused.
   */
  async resume(): Promise<void> {
    let after: Uint8Array = EMPTY;
    const named = new Set<string>();
    for (let page = 0; page < RESUME_PAGES; page += 1) {
      const { hasMail, moved, hasMore } = await this.#core.server.resume(after);
      if (hasMail) {
        await this.#mail.fetch(0);
      }
      for (const one of moved) {
        await this.#takeMoved(one);
      }
      const last = moved.at(-1);
      const fresh = moved.filter(({ conversation }) => !named.has(toHex(conversation)));
      if (!hasMore || last === undefined || fresh.length === 0) {
        break; // a server that repeats itself has no end
      }
      fresh.forEach(({ conversation }) => named.add(toHex(conversation)));
      after = last.conversation;
    }
  }

  /**
   * Read a log on. The mailbox was read: of a conversation that this device has no keys for,
   * nothing can be opened, so nothing of it has to wait.
   */
  async #takeMoved({ conversation, cursor: known, head }: Moved): Promise<void> {
    const live = this.#core.lives.get(toHex(conversation));
    if (live === undefined || live.kept.isOver) {
      this.#core.server.acknowledge(conversation, head);
      return;
    }
    // One more than known when the server knows less: its answer says what the head really is.
    const { cursor } = live.kept;
    if (known < cursor && cursor <= head) {
      await this.#lookAgain(live, known);
    }
    await this.catchUpIfAllowed(live, head < cursor ? cursor + 1 : head);
    this.#acknowledge(live);
  }

  /**
   * The server does not know how far this device is. Mostly an acknowledgement was lost; but it may
   * have been set back, and its log have grown anew, with other envelopes where this device has
   * been. What was read then does not open a second time, what is new does.
   */
  async #lookAgain(live: Live, cursor: number): Promise<void> {
    await this.#core.changing(live, async () => {
      live.kept.known = Math.max(live.kept.known, live.kept.cursor);
      live.kept.cursor = cursor;
      await this.#core.vault.write([await this.#core.conversations.put(live.kept)]);
    });
  }

  /** One log that the server does not give out must not keep the others from being read. */
  async catchUpIfAllowed(live: Live, head: number): Promise<void> {
    try {
      await this.catchUp(live, head);
    } catch (error) {
      if (!(error instanceof ServerRefused)) {
        throw error;
      }
      await this.#core.report(live.id, undefined, error);
    }
  }

  /** Read a log up to `head` at least. Throws Unreachable, ServerRefused. */
  async catchUp(live: Live, head: number): Promise<void> {
    live.head = Math.max(live.head, head);
    await this.#readOn(live);
  }

  /** Read a log up to this envelope at most. Throws Unreachable, ServerRefused. */
  async readUpTo(live: Live, seq: number): Promise<void> {
    await live.reading.run(async () => {
      while (live.kept.cursor < seq && !live.kept.isOver) {
        const envelopes = (await this.#read(live)).filter((envelope) => envelope.seq <= seq);
        if (envelopes.length === 0) {
          return;
        }
        await this.#take(live, envelopes);
      }
    });
  }

  /** One reader at a time: two would ask for the same envelopes. */
  async #readOn(live: Live): Promise<void> {
    await live.reading.run(async () => {
      while (live.kept.cursor < live.head && !live.kept.isOver) {
        const pushed = this.#pushedNext(live);
        const envelopes = pushed.length > 0 ? pushed : await this.#read(live);
        if (envelopes.length > 0) {
          await this.#take(live, envelopes);
        } else if (live.told <= live.kept.cursor) {
          return; // nor was anything pushed meanwhile
        }
      }
    });
  }

  /** The envelopes after the cursor; none when there are no more. */
  async #read(live: Live): Promise<readonly Envelope[]> {
    const { server } = this.#core;
    const after = live.kept.cursor;
    live.told = 0;
    let answer = await server.read(live.id, after, READ_LIMIT);
    if (answer.head < after) {
      await this.#beginAgain(live, after, answer.head);
      answer = await server.read(live.id, 0, READ_LIMIT);
    }
    // A push that was sent after the answer may come before it.
    live.head = Math.max(live.kept.cursor, answer.head, live.told);
    // Old ones must not make a reader ask for ever, and none moves the cursor beyond the end.
    const fresh = answer.envelopes.filter(({ seq }) => seq > live.kept.cursor);
    const within = fresh.filter(({ seq }) => seq <= answer.head);
    if (within.length < fresh.length) {
      await this.#core.report(live.id, undefined, beyond(answer.head));
    }
    return within.sort((one, other) => one.seq - other.seq);
  }

  /**
   * The log is shorter than what was read of it: an earlier number was a lie, or the server was set
   * back. Read what there is; what is known already is not shown twice.
   */
  async #beginAgain(live: Live, after: number, head: number): Promise<void> {
    const core = this.#core;
    const [writes, event] = await core.problem(live.id, after, shortened(after, head));
    await core.changing(live, async () => {
      live.kept.known = Math.max(live.kept.known, head);
      live.kept.cursor = 0;
      await core.vault.write([await core.conversations.put(live.kept), ...writes]);
    });
    core.feed.tell(event);
  }

  /** The pushed envelopes that continue the log right after the cursor. */
  #pushedNext(live: Live): readonly Envelope[] {
    const waiting = this.#pushed.get(live.id.hex) ?? [];
    this.#pushed.delete(live.id.hex);
    const bySeq = new Map(waiting.map((envelope) => [envelope.seq, envelope]));
    const run: Envelope[] = [];
    for (let seq = live.kept.cursor + 1; ; seq += 1) {
      const next = bySeq.get(seq);
      if (next === undefined) {
        return run;
      }
      run.push(next);
    }
  }

  // -- one stretch of a log

  /** Process, write, then tell. Throws Unreachable after writing what was done before. */
  async #take(live: Live, envelopes: readonly Envelope[]): Promise<void> {
    const core = this.#core;
    const outcome = new Outcome();
    let interrupted: Unreachable | undefined;
    await core.changing(live, async () => {
      const start = live.kept.cursor;
      for (const envelope of envelopes) {
        if (envelope.seq <= live.kept.cursor) {
          continue;
        }
        if (live.kept.isOver) {
          break;
        }
        try {
          await this.#takeOne(live, envelope, outcome);
        } catch (error) {
          if (!(error instanceof Unreachable)) {
            throw error;
          }
          interrupted = error;
          break;
        }
        live.kept.cursor = envelope.seq;
      }
      if (live.kept.cursor > start) {
        await takeReadElsewhere(core, live, outcome);
        const writes = [await core.conversations.put(live.kept), ...outcome.writes];
        writes.push(...(await core.saveGroup(live, outcome.epochMoved)));
        await core.vault.write(writes);
      }
    });
    await this.#after(live, outcome);
    if (interrupted !== undefined) {
      throw interrupted;
    }
  }

  async #after(live: Live, outcome: Outcome): Promise<void> {
    this.#acknowledge(live);
    for (const [idempotencyId, seq] of outcome.paid) {
      this.#core.fulfil(idempotencyId, seq);
    }
    outcome.events.forEach((event) => {
      this.#core.feed.tell(event);
    });
    if (outcome.isListChanged) {
      await lastLine(this.#core, live);
    }
    this.#epochs.lookAfter(live, outcome.epochMoved);
  }

  #acknowledge(live: Live): void {
    if (live.kept.cursor > 0) {
      this.#core.server.acknowledge(live.id.bytes, live.kept.cursor);
    }
  }

  /** One envelope; everything wrong with it becomes a problem. Throws Unreachable. */
  async #takeOne(live: Live, envelope: Envelope, outcome: Outcome): Promise<void> {
    const read = Math.max(live.kept.cursor, live.kept.known);
    if (envelope.seq > read + 1) {
      await outcome.notBelieved(this.#core, live, envelope.seq, gap(read, envelope.seq));
    }
    try {
      const isOwn = envelope.sender === this.#core.device.uri;
      if (isOwn && (await ownCameBack(this.#core, live, envelope, outcome))) {
        return;
      }
      await this.#process(live, envelope, outcome);
    } catch (error) {
      if (!(error instanceof RemoteError || error instanceof NameRefused)) {
        throw error;
      }
      await this.#note(live, envelope, error, outcome);
    }
  }

  async #process(live: Live, envelope: Envelope, outcome: Outcome): Promise<void> {
    const core = this.#core;
    const group = await core.group(live);
    if (await this.#epochs.ownCommitCameBack(live, group, envelope, outcome)) {
      return;
    }
    const staged = await core.judged((judge) =>
      group
        .process(envelope.message, judge, core.nowS, {
          allowExternal: this.#epochs.allowExternal(live),
        })
        .settle(core.verifier),
    );
    if (staged instanceof StagedMessage) {
      const { credential, epoch, plaintext, authenticated } = staged.accept();
      const device = core.trust.device(credential);
      const opened = { device, sender: device.account, epoch, plaintext, authenticated };
      await takeContent(core, live, envelope, opened, outcome);
    } else if (staged instanceof StagedCommit) {
      await this.#epochs.takeCommit(live, group, staged, envelope, outcome);
    } else {
      await this.#epochs.takeProposal(group, staged);
      staged.accept();
      outcome.epochMoved = true;
    }
  }

  /** What is wrong is noted, and whether it looks like a fork. */
  async #note(
    live: Live,
    envelope: Envelope,
    error: PlauschError,
    outcome: Outcome,
  ): Promise<void> {
    if (envelope.sender === this.#core.device.uri && error instanceof ProtocolError) {
      return; // our own ciphertext, whose answer came long ago: we cannot open it, need not
    }
    if (envelope.seq <= live.kept.known && error instanceof ProtocolError) {
      return; // read a second time: it was opened when it came first
    }
    await outcome.notBelieved(this.#core, live, envelope.seq, error);
    if (namesAnotherBranch(live, envelope.message)) {
      await outcome.notBelieved(this.#core, live, envelope.seq, torn());
    }
  }

  /** Ask how far others have received what we sent. Throws Unreachable, ServerRefused. */
  async learnMarks(): Promise<void> {
    await learnMarks(this.#core);
  }
}

/** Whether the mark beside a ciphertext that does not open is not of this device's epoch. */
function namesAnotherBranch(live: Live, message: Uint8Array): boolean {
  try {
    const { authenticated, epoch } = parsePrivateMessage(message);
    return (
      authenticated.length > 0 &&
      isFork(new EpochMark(epoch, markIn(authenticated)), live.authenticators)
    );
  } catch (error) {
    if (error instanceof ProtocolError) {
      return false;
    }
    throw error;
  }
}
