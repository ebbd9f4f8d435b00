/**
 * Which conversation stands for whom.
 *
 * Two people may begin to write to each other at the same moment: then there are two direct
 * conversations. Both are read; the one with the lower id is shown and written to, on both sides.
 */

import type { AccountAddress, ConversationId } from '../base/ids.ts';
import type { ConversationState } from '../vault/conversations.ts';
import type { Core, Live } from './core.ts';

const USABLE: ReadonlySet<ConversationState> = new Set(['open', 'opening', 'broken']);

/** The conversations of this device as people see them. */
export class Directory {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The other participant, if it is a conversation of two without a title. */
  peer(live: Live): AccountAddress | undefined {
    const others = live.others(this.#core.address);
    return others.length === 1 && live.kept.title === '' ? others[0] : undefined;
  }

  /** All direct conversations with an account, the one to use first. */
  withPeer(peer: AccountAddress): readonly Live[] {
    return [...this.#core.lives.values()]
      .filter((live) => this.peer(live)?.equals(peer) === true)
      .sort((one, other) => rank(one) - rank(other) || (one.id.hex < other.id.hex ? -1 : 1));
  }

  /** The direct conversation to use with an account, if there is one. */
  current(peer: AccountAddress): Live | undefined {
    const [found] = this.withPeer(peer);
    return found !== undefined && USABLE.has(found.kept.state) ? found : undefined;
  }

  /** The conversation that stands for this one. */
  preferred(live: Live): Live {
    const peer = this.peer(live);
    return (peer === undefined ? undefined : this.withPeer(peer)[0]) ?? live;
  }

  /** The conversations that are shown as one with this one, which may be among them. */
  together(live: Live): readonly Live[] {
    const peer = this.peer(live);
    return peer === undefined ? [live] : this.withPeer(peer);
  }

  /** The ids of the conversations whose messages are shown as one with this one's. */
  merged(live: Live): readonly ConversationId[] {
    return this.together(live).map(({ id }) => id);
  }

  /** Every conversation once, the most recently active first. */
  shown(): readonly Live[] {
    const best = new Map<string, Live>();
    for (const live of this.#core.lives.values()) {
      const name = this.peer(live)?.toString() ?? live.id.hex;
      const other = best.get(name);
      if (other === undefined || isBefore(live, other)) {
        best.set(name, live);
      }
    }
    return [...best.values()].sort((one, other) => this.activeAtMs(other) - this.activeAtMs(one));
  }

  /** When something happened last in it, or in those that are shown as one with it. */
  activeAtMs(live: Live): number {
    return Math.max(...this.together(live).map(({ kept }) => kept.activeAtMs));
  }
}

function isBefore(one: Live, other: Live): boolean {
  return rank(one) < rank(other) || (rank(one) === rank(other) && one.id.hex < other.id.hex);
}

function rank({ kept }: Live): number {
  return kept.state === 'open' || kept.state === 'broken' ? 0 : kept.state === 'opening' ? 1 : 2;
}
