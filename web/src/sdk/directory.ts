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

/** Conversations that are shown as one, the one that stands for them first. */
export type Together = readonly [Live, ...Live[]];

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
      .sort(byPreference);
  }

  /** The direct conversation to use with an account, if there is one. */
  current(peer: AccountAddress): Live | undefined {
    const [found] = this.withPeer(peer);
    return found !== undefined && USABLE.has(found.kept.state) ? found : undefined;
  }

  /** The conversation that stands for this one. */
  preferred(live: Live): Live {
    return this.together(live)[0];
  }

  /** The conversations that are shown as one with this one, which is among them. */
  together(live: Live): Together {
    const peer = this.peer(live);
    const [first, ...others] = peer === undefined ? [] : this.withPeer(peer);
    return first === undefined ? [live] : [first, ...others];
  }

  /** The ids of the conversations whose messages are shown as one with this one's. */
  merged(live: Live): readonly ConversationId[] {
    return this.together(live).map(({ id }) => id);
  }

  /** Whether this account's own devices talk among themselves here (team.ts). */
  isTeam({ kept }: Live): boolean {
    const { address } = this.#core;
    const isAlone = kept.participants.every((account) => account.equals(address));
    return isAlone && kept.admins !== undefined && kept.title === '';
  }

  /** The team conversations that can be used, the one to speak in first. */
  teams(): readonly Live[] {
    return [...this.#core.lives.values()]
      .filter((live) => USABLE.has(live.kept.state) && this.isTeam(live))
      .sort((one, other) => (one.id.hex < other.id.hex ? -1 : 1));
  }

  /** Every conversation of people once, the most recently active first. */
  shown(): readonly Together[] {
    const byPeer = new Map<string, [Live, ...Live[]]>();
    for (const live of this.#core.lives.values()) {
      if (this.isTeam(live)) {
        continue;
      }
      const name = this.peer(live)?.toString() ?? live.id.hex;
      const together = byPeer.get(name);
      if (together === undefined) {
        byPeer.set(name, [live]);
      } else {
        together.push(live);
      }
    }
    return Array.from(byPeer.values(), (together) => together.sort(byPreference)).sort(
      (one, other) => activeAtMs(other) - activeAtMs(one),
    );
  }
}

/** When something happened last in one of those that are shown as one. */
export function activeAtMs(together: Together): number {
  return Math.max(...together.map(({ kept }) => kept.activeAtMs));
}

function byPreference(one: Live, other: Live): number {
  return rank(one) - rank(other) || (one.id.hex < other.id.hex ? -1 : 1);
}

function rank({ kept }: Live): number {
  return kept.state === 'open' || kept.state === 'broken' ? 0 : kept.state === 'opening' ? 1 : 2;
}
