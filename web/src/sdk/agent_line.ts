/**
 * Asking the business's agent, and knowing whether it is there: calls and answers in the team
 * conversation (spec/agent.md).
 *
 * The agent is the device that holds the lease: of the claims, in the order of the log, one counts
 * when nobody else holds it, and none of staff's does. Who is known to be away is not asked: the call
 * would be stale when it comes back.
 */

import { toHex } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { type Piece, pieceOf, type Rpc, type RpcAnswer, rpcFrom } from '../content/rpc.ts';
import { agentSlot, type KnownAgent } from '../vault/agent_slot.ts';
import type { Slot } from '../vault/slots.ts';
import type { Core } from './core.ts';
import { SdkError } from './errors.ts';
import type { AgentChange, AgentPart } from './protocol.ts';

/** How long a person waits for an answer. */
export const ANSWER_MS = 15_000;

/** No claim is good for longer. */
export const LEASE_S = 900;

const ID_BYTES = 16;
const MOST_DATES = 100;
const PARTS: ReadonlySet<unknown> = new Set<AgentPart>([
  'bookings',
  'waiting',
  'queue',
  'business',
  'customers',
]);

/** What another device said: by MLS it was that one. `isStaff`: it manages nothing. */
export interface Heard {
  readonly device: string;
  readonly isStaff: boolean;
  readonly atMs: number;
  readonly rpc: Rpc;
}

interface Waiting {
  readonly resolve: (answer: RpcAnswer) => void;
  readonly pieces: Map<number, string>;
}

/** What of something heard concerns the page. */
export interface Consequences {
  readonly change?: AgentChange;
  readonly isPresenceNew: boolean;
}

/** The line to the agent. */
export class AgentLine {
  readonly #core: Core;
  readonly #slot: Slot<KnownAgent>;
  readonly #waiting = new Map<string, Waiting>();
  #known: KnownAgent | undefined;
  #isSilent = false;

  constructor(core: Core) {
    this.#core = core;
    this.#slot = agentSlot(core.vault);
  }

  /** What was known when this program ended last. Throws VaultDamaged, StorageUnavailable. */
  async load(): Promise<void> {
    this.#known ??= await this.#slot.get();
  }

  /** The device that is the agent, or was last; undefined: there was none. */
  get device(): string | undefined {
    return this.#known?.device;
  }

  /** Whether it is there, and when it was heard last (0: never). */
  presence(): { readonly isThere: boolean; readonly lastThereMs: number } {
    const known = this.#known;
    const isThere = known !== undefined && !this.#isSilent && known.untilS > this.#core.nowS;
    return { isThere, lastThereMs: known?.heardMs ?? 0 };
  }

  /**
   * Ask for an operation; `say` sends the call. The result, which the other program wrote.
   *
   * Throws SdkError with the agent's code, or `agent_away`, `agent_stale`.
   */
  async ask(
    operation: string,
    params: unknown,
    say: (id: string, operation: string, params: unknown) => Promise<void>,
  ): Promise<unknown> {
    if (this.#known !== undefined && this.#known.untilS <= this.#core.nowS) {
      throw away();
    }
    const id = toHex(randomBytes(ID_BYTES));
    const { promise, resolve } = Promise.withResolvers<RpcAnswer | undefined>();
    this.#waiting.set(id, { resolve, pieces: new Map() });
    try {
      await say(id, operation, params);
      void this.#core.pause(ANSWER_MS).then(() => {
        resolve(undefined);
      });
      return resultOf(await promise, () => {
        this.#isSilent = true;
      });
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Something was said by another device. Throws RpcRefused, StorageUnavailable. */
  async hear({ device, isStaff, atMs, rpc }: Heard): Promise<Consequences> {
    if (rpc.kind === 'call') {
      return { isPresenceNew: false }; // it is the agent that answers
    }
    const claim = rpc.kind === 'notice' && !isStaff ? claimIn(rpc, device) : undefined;
    const before = this.presence();
    await this.#noteAgent(device, atMs, claim);
    if (isStaff || (this.#known !== undefined && this.#known.device !== device)) {
      return { isPresenceNew: false }; // everybody hears the calls; only the agent answers them
    }
    if (rpc.kind === 'answer') {
      this.#waiting.get(rpc.id)?.resolve(rpc);
    } else {
      this.#gather(pieceOf(rpc));
    }
    const change =
      rpc.kind === 'notice' && rpc.method === 'changed' ? changeIn(rpc.params) : undefined;
    const after = this.presence();
    const isPresenceNew = before.isThere !== after.isThere || before.lastThereMs === 0;
    return change === undefined ? { isPresenceNew } : { change, isPresenceNew };
  }

  async #noteAgent(device: string, atMs: number, claim: Claim | undefined): Promise<void> {
    const known = this.#known;
    const isFree =
      known === undefined || known.device === device || known.untilS <= (claim?.fromS ?? 0);
    if (!isFree || (claim === undefined && known?.device !== device)) {
      return;
    }
    this.#isSilent = false;
    this.#known = { device, untilS: claim?.untilS ?? known?.untilS ?? 0, heardMs: atMs };
    await this.#core.vault.write([await this.#slot.put(this.#known)]);
  }

  #gather(piece: Piece | undefined): void {
    const waiting = piece && this.#waiting.get(piece.id);
    if (piece === undefined || waiting === undefined) {
      return;
    }
    waiting.pieces.set(piece.number, piece.text);
    if (waiting.pieces.size === piece.of) {
      const texts = Array.from({ length: piece.of }, (_, at) => waiting.pieces.get(at) ?? '');
      const answer = rpcFrom(texts.join(''));
      if (answer.kind === 'answer' && answer.id === piece.id) {
        waiting.resolve(answer);
      }
    }
  }
}

interface Claim {
  readonly fromS: number;
  readonly untilS: number;
}

/** The claim that a device says for itself; undefined when it says something else. */
function claimIn(rpc: { method: string; params: unknown }, by: string): Claim | undefined {
  const { device, fromS, untilS } = fieldsOf(rpc.params);
  const isTime = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 0;
  const isOwn = rpc.method === 'lease' && device === by;
  if (!isOwn || !isTime(fromS) || !isTime(untilS) || untilS < fromS || untilS - fromS > LEASE_S) {
    return undefined;
  }
  return { fromS, untilS };
}

function changeIn(params: unknown): AgentChange | undefined {
  const { what, dates } = fieldsOf(params);
  const isList = Array.isArray(dates) && dates.length <= MOST_DATES;
  if (!PARTS.has(what) || !isList || !dates.every((date) => typeof date === 'string')) {
    return undefined;
  }
  return { what: 'agent_changed', changed: what as AgentPart, dates };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function resultOf(answer: RpcAnswer | undefined, silent: () => void): unknown {
  if (answer === undefined) {
    silent();
    throw away();
  }
  if ('error' in answer) {
    const { code, sentence } = answer.error;
    throw new SdkError(sentence, { code: code === 'stale' ? 'agent_stale' : code });
  }
  return answer.result;
}

function away(): SdkError {
  return new SdkError('The agent does not answer just now: look whether its computer is on.', {
    code: 'agent_away',
  });
}
