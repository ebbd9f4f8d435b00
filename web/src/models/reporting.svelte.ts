/** Reporting somebody: which messages are disclosed, why, and what became of it. */

import { PlauschError } from '../base/errors.ts';
import { MOST_REPORTED, type ReportReason } from '../base/reports.ts';
import type { MessageView } from '../sdk/protocol.ts';
import type { Messenger } from './messenger.ts';

/** How many of somebody's newest messages are offered, and how many of those chosen at first. */
export const OFFERED = MOST_REPORTED;
export const CHOSEN_AT_FIRST = 5;

/**
 * Whether a message can be reported: somebody else's, and not a line of the log. Also one that was
 * deleted for everyone: who takes a threat back has made it all the same.
 */
export function canBeReported({ isOutgoing, kind }: MessageView): boolean {
  return !isOutgoing && kind !== 'event';
}

/** Whose messages these are, if they can all be reported in one report; undefined otherwise. */
export function reportedIn(messages: readonly MessageView[]): string | undefined {
  const senders = new Set(messages.map(({ sender }) => sender));
  const [sender] = senders;
  const isOne = senders.size === 1 && messages.every(canBeReported);
  return isOne && messages.length <= MOST_REPORTED ? sender : undefined;
}

/** The newest messages of an account in a conversation, oldest first. Throws PlauschError. */
export async function newestOf(
  messenger: Messenger,
  conversation: string,
  address: string,
): Promise<readonly MessageView[]> {
  const stretch = { from: 'end' } as const;
  const limit = 200;
  const { messages } = await messenger.ask('messages', { conversation, stretch, limit });
  return messages
    .filter((message) => message.sender === address && canBeReported(message))
    .slice(-OFFERED);
}

/** What somebody is reported by: the account, and the conversation in which it has written. */
interface About {
  readonly address: string;
  readonly conversation: string;
}

/**
 * A report of an account by its newest messages in a conversation; of those that can still be seen
 * some are chosen. Throws PlauschError.
 */
export async function reportOf(messenger: Messenger, about: About): Promise<Reporting> {
  const messages = await newestOf(messenger, about.conversation, about.address);
  const seen = messages.filter(({ isDeleted }) => !isDeleted);
  return new Reporting(messenger, about, messages, seen.slice(-CHOSEN_AT_FIRST));
}

/** One report while it is being made. */
export class Reporting {
  readonly address: string;
  readonly messages: readonly MessageView[];
  reason = $state<ReportReason | undefined>();
  note = $state('');
  blocksToo = $state(false);
  isSending = $state(false);
  chosen = $state.raw<ReadonlySet<string>>(new Set());
  readonly #conversation: string;
  readonly #messenger: Messenger;

  /** `messages` are offered; the `chosen` ones of them are chosen at first. */
  constructor(
    messenger: Messenger,
    about: About,
    messages: readonly MessageView[],
    chosen = messages,
  ) {
    this.#messenger = messenger;
    this.#conversation = about.conversation;
    this.address = about.address;
    this.messages = messages;
    this.chosen = new Set(chosen.map(({ id }) => id));
  }

  get canSend(): boolean {
    const { size } = this.chosen;
    return size > 0 && size <= MOST_REPORTED && this.reason !== undefined && !this.isSending;
  }

  toggle(id: string): void {
    const chosen = new Set(this.chosen);
    if (!chosen.delete(id)) {
      chosen.add(id);
    }
    this.chosen = chosen;
  }

  /** Hand it in, and then block if that is wanted. Throws PlauschError; nothing is done then. */
  async send(): Promise<void> {
    const { reason, address } = this;
    if (reason === undefined || !this.canSend) {
      throw new PlauschError('Choose messages and a reason first.', { code: 'bad_report' });
    }
    this.isSending = true;
    try {
      await this.#messenger.ask('report', {
        conversation: this.#conversation,
        messages: this.messages.flatMap(({ id }) => (this.chosen.has(id) ? [id] : [])),
        reason,
        note: this.note.trim(),
      });
      if (this.blocksToo) {
        await this.#messenger.ask('block', { address, isBlocked: true });
      }
    } finally {
      this.isSending = false;
    }
  }
}
