/** What happened, told after it is in the vault; and the feed that tells it. */

import type { ConnectionTold } from '../base/maintenance.ts';
import type { AccountAddress, ConversationId, MessageId } from '../base/ids.ts';
import type { Rpc } from '../content/rpc.ts';

/** `message`: it is new or has changed, in words, reactions or state. */
export type Event =
  | {
      readonly what: 'message';
      readonly conversation: ConversationId;
      readonly message: MessageId;
    }
  | {
      readonly what: 'hidden';
      readonly conversation: ConversationId;
      readonly message: MessageId;
    }
  /** A row of the list of conversations has changed. */
  | { readonly what: 'conversation'; readonly conversation: ConversationId }
  | { readonly what: 'gone'; readonly conversation: ConversationId }
  /** An account is known, or something about it has changed: its key above all. */
  | { readonly what: 'contact'; readonly address: AccountAddress }
  | {
      readonly what: 'problem';
      readonly conversation: ConversationId | undefined;
      readonly code: string;
      readonly sentence: string;
      readonly atMs: number;
    }
  /** Another device of this account said something to all of them by RPC. */
  | {
      readonly what: 'rpc';
      readonly device: string;
      readonly atMs: number;
      readonly rpc: Rpc;
    }
  /** A fact of the team is new. */
  | { readonly what: 'team' }
  /** After a login, when all that the server had was read. */
  | { readonly what: 'caught_up' }
  | ConnectionTold;

/** Tells every listener what happened, in order. Nothing is told before it is written. */
export class Feed {
  readonly #listeners = new Set<(event: Event) => void>();

  /** Events from now on; returns how to stop listening. */
  listen(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** To everyone who listens. */
  tell(event: Event): void {
    for (const listener of [...this.#listeners]) {
      listener(event);
    }
  }
}
