/** Who asked to join a group by its link: an admin's device lets them in, or nobody does. */

import { equalBytesConstantTime, fromHex } from '../base/bytes.ts';
import { type AccountAddress, ConversationId, MessageId } from '../base/ids.ts';
import { factsMessage, SECRET_BYTES } from '../content/conversation.ts';
import { type JoinRequest, joinRequestMessage, joinRequestOf } from '../content/join_request.ts';
import { decode } from '../content/mimi.ts';
import { randomBytes } from '../base/random.ts';
import { checkText, compose, newSalt, sendable } from './composing.ts';
import type { Core, Live } from './core.ts';
import type { Device } from './device.ts';
import { SdkError } from './errors.ts';
import type { AdmissionView, Asked, ConversationView } from './protocol.ts';
import { demandAdmin, mayAdministrate } from './roles.ts';
import type { Rooms } from './rooms.ts';

/**
 * The group, when the link is the present one of one in which this account is an admin; else
 * undefined.
 */
export function groupAsked(core: Core, { conversation, secret }: JoinRequest): Live | undefined {
  const live = core.live(conversation);
  const present = live?.kept.link ?? new Uint8Array(0);
  // Always compared, so that the time says nothing of which groups there are.
  const expected = present.length === 0 ? new Uint8Array(SECRET_BYTES) : present;
  const isSame = equalBytesConstantTime(expected, secret) && present.length > 0;
  return isSame && live?.kept.state === 'open' && mayAdministrate(live.kept, core.address)
    ? live
    : undefined;
}

/** Links of groups, and who comes by them. The names are those of the operations in protocol.ts. */
export class Admissions {
  readonly #device: Device;
  readonly #rooms: Rooms;

  constructor(device: Device, rooms: Rooms) {
    this.#device = device;
    this.#rooms = rooms;
  }

  async setLink({ conversation, isOn }: Asked<'setLink'>): Promise<undefined> {
    const { core, outbox } = this.#device;
    const live = this.#rooms.live(conversation);
    demandAdmin(core, live.kept);
    const link = isOn ? randomBytes(SECRET_BYTES) : new Uint8Array(0);
    const words = live.kept.title || 'Group';
    await compose(core, outbox, live, factsMessage({ link }, words, { salt: newSalt() }));
    return undefined;
  }

  async askToJoin(asked: Asked<'askToJoin'>): Promise<ConversationView> {
    const { core, outbox } = this.#device;
    const request = { conversation: ConversationId.fromHex(asked.group), secret: secretOf(asked) };
    const words = checkText(asked.text);
    const content = sendable(() => joinRequestMessage(request, words, { salt: newSalt() }));
    const view = await this.#rooms.conversationWith({ address: asked.address });
    await compose(core, outbox, this.#rooms.live(view.id), content);
    return this.#rooms.conversation({ conversation: view.id });
  }

  async admission({ message }: Asked<'admission'>): Promise<AdmissionView> {
    const found = await this.#asking(message);
    if (found === undefined) {
      return { title: '', state: 'over' };
    }
    const { kept } = found.live;
    return { title: kept.title, state: kept.has(found.sender) ? 'in' : 'open' };
  }

  async admit({ conversation, message }: Asked<'admit'>): Promise<undefined> {
    const found = await this.#asking(message);
    if (found === undefined) {
      throw new SdkError(
        'This link is no longer valid: it was changed or turned off, or this account is no admin ' +
          'of the group.',
        { code: 'link_over' },
      );
    }
    if (!found.live.kept.has(found.sender)) {
      await this.#rooms.accept({ conversation });
      const address = found.sender.toString();
      await this.#rooms.add({ conversation: found.live.id.hex, address });
    }
    return undefined;
  }

  /** Who asks by this message, and for which of our groups; undefined when the link is over. */
  async #asking(
    message: string,
  ): Promise<{ readonly live: Live; readonly sender: AccountAddress } | undefined> {
    const { core } = this.#device;
    const row = await core.messages.get(MessageId.fromHex(message));
    if (row?.kind !== 'card' || row.isOutgoing) {
      return undefined;
    }
    const request = joinRequestOf(decode(row.content));
    const live = request && groupAsked(core, request);
    return live && { live, sender: row.sender };
  }
}

function secretOf({ secret }: Asked<'askToJoin'>): Uint8Array {
  const raw = /^(?:[0-9a-f]{2})+$/.test(secret) ? fromHex(secret) : new Uint8Array(0);
  if (raw.length !== SECRET_BYTES) {
    throw new SdkError('This is not an invitation link: ask for it once more.', {
      code: 'bad_join_link',
    });
  }
  return raw;
}
