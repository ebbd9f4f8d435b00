/**
 * Store `conversation`: one row each. The state of its MLS group is beside it (groups.ts).
 *
 * Everything that people see, and who is in it, is sealed; in the clear are the id and its time.
 */

import { fromBase64Url, toBase64Url } from '../base/base64url.ts';
import { EMPTY, lenientTextFrom, utf8 } from '../base/bytes.ts';
import type { FileKind } from '../base/file_kind.ts';
import { AccountAddress, ConversationId, DeviceAddress } from '../base/ids.ts';
import type { Write } from '../platform/database.ts';
import { Row, understood } from './row.ts';
import { CONVERSATION } from './schema.ts';
import type { Vault } from './vault.ts';

export type ConversationState = 'opening' | 'open' | 'left' | 'failed' | 'broken' | 'ended';

/** The newest shown row, for the list of conversations. `event`: what happened, as written. */
export interface LastLine {
  readonly message: string;
  readonly text: string;
  readonly kind: 'text' | 'card' | 'file' | 'event' | 'other';
  readonly file?: FileKind;
  readonly event?: object | undefined;
  readonly sender: string;
  readonly isOutgoing: boolean;
  readonly isDeleted: boolean;
  readonly state: 'waiting' | 'sent' | 'delivered' | 'read' | 'failed' | 'received';
  readonly atMs: number;
}

/** What is written of a conversation, as JSON inside the seal. */
interface Fields {
  state: ConversationState;
  isRequest: boolean;
  title: string;
  epoch: string;
  cursor: number;
  known: number;
  readSeq: number;
  unread: number;
  activeAtMs: number;
  ordinalMs: number;
  isPinned: boolean;
  isArchived: boolean;
  mutedUntilMs: number;
  isMentionsOnly: boolean;
  draft: string;
  expiresAfterS: number;
  last?: LastLine | undefined;
}

interface Written extends Fields {
  readonly admins?: readonly string[] | undefined;
  readonly picture?: string | undefined;
  readonly link?: string | undefined;
  readonly members: readonly string[];
  readonly invited: readonly string[];
}

/**
 * A conversation as it stands in the vault, without its group's secrets.
 *
 * `invited` are the accounts that its first Commit will add, empty once it is open; `admins` those
 * that its roles name, undefined when it has no roles; `picture` and `link`, the secret of its
 * invitation link, are empty when there is none; `epoch` is the group's, kept even after its keys
 * were deleted; `cursor` is the seq up to which its log is in the vault, and up to `known` it is
 * read a second time: what does not open there was read before (0 in rows from before there was
 * such a thing); `readSeq` is up to where a person read, `unread` how many messages of others came
 * after it, `ordinalMs` the largest time of its log so far.
 */
export class KeptConversation {
  state: ConversationState = 'opening';
  isRequest = false;
  title = '';
  epoch = 0n;
  cursor = 0;
  known = 0;
  readSeq = 0;
  unread = 0;
  activeAtMs = 0;
  ordinalMs = 0;
  isPinned = false;
  isArchived = false;
  mutedUntilMs = 0;
  isMentionsOnly = false;
  draft = '';
  expiresAfterS = 0;
  last: LastLine | undefined;
  admins: readonly AccountAddress[] | undefined;
  picture: Uint8Array = EMPTY;
  link: Uint8Array = EMPTY;

  #members: readonly DeviceAddress[] = [];
  #invited: readonly AccountAddress[] = [];
  #participants: readonly AccountAddress[] = [];

  constructor(readonly id: ConversationId) {}

  get members(): readonly DeviceAddress[] {
    return this.#members;
  }

  get invited(): readonly AccountAddress[] {
    return this.#invited;
  }

  /** The accounts of the members and those to come, in order. */
  get participants(): readonly AccountAddress[] {
    return this.#participants;
  }

  /** The admins that are in it; when there is none, everybody may do what admins may. */
  get presentAdmins(): readonly AccountAddress[] {
    return (this.admins ?? []).filter((admin) => this.has(admin));
  }

  /** This device is out, or the conversation has ended: nothing is sent or read any more. */
  get isOver(): boolean {
    return this.state === 'left' || this.state === 'ended';
  }

  /** The devices in it now, the accounts to come, and thereby the participants. */
  setMembers(members: readonly DeviceAddress[], invited: readonly AccountAddress[] = []): void {
    this.#members = [...members].sort((one, other) => DeviceAddress.compare(one, other));
    this.#invited = [...invited].sort((one, other) => AccountAddress.compare(one, other));
    const accounts = [...this.#members.map(({ account }) => account), ...this.#invited];
    const distinct = new Map(accounts.map((account) => [account.toString(), account]));
    this.#participants = [...distinct.values()].sort((one, other) =>
      AccountAddress.compare(one, other),
    );
  }

  /** Whether an account takes part. */
  has(account: AccountAddress): boolean {
    return this.#participants.some((participant) => participant.equals(account));
  }
}

/** The vault's conversations. */
export class Conversations {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Every conversation. Throws VaultDamaged, StorageUnavailable. */
  async all(): Promise<readonly KeptConversation[]> {
    const rows = await this.#vault.select(CONVERSATION);
    return Promise.all(rows.map((row) => this.#opened(row)));
  }

  /** One conversation. Throws as `all`. */
  async get(id: ConversationId): Promise<KeptConversation | undefined> {
    const row = await this.#vault.get(CONVERSATION, id.bytes);
    return row === undefined ? undefined : this.#opened(row);
  }

  /** Write it as it is now. */
  async put(kept: KeptConversation): Promise<Write> {
    const { members, invited } = kept;
    const written: Written = {
      state: kept.state,
      isRequest: kept.isRequest,
      title: kept.title,
      cursor: kept.cursor,
      known: kept.known,
      readSeq: kept.readSeq,
      unread: kept.unread,
      activeAtMs: kept.activeAtMs,
      ordinalMs: kept.ordinalMs,
      isPinned: kept.isPinned,
      isArchived: kept.isArchived,
      mutedUntilMs: kept.mutedUntilMs,
      isMentionsOnly: kept.isMentionsOnly,
      draft: kept.draft,
      expiresAfterS: kept.expiresAfterS,
      last: kept.last,
      epoch: kept.epoch.toString(),
      admins: kept.admins?.map(({ uri }) => uri),
      picture: kept.picture.length === 0 ? undefined : toBase64Url(kept.picture),
      link: kept.link.length === 0 ? undefined : toBase64Url(kept.link),
      members: members.map(({ uri }) => uri),
      invited: invited.map(({ uri }) => uri),
    };
    const id = kept.id.bytes;
    const plaintext = utf8(JSON.stringify(written));
    const sealed = await this.#vault.seal.close(CONVERSATION, id, plaintext);
    return { store: CONVERSATION, put: { id, activeAtMs: kept.activeAtMs, sealed } };
  }

  /** Write it unless there is one of this id by then. */
  async putNew(kept: KeptConversation): Promise<Write> {
    const write = await this.put(kept);
    const row = 'put' in write ? write.put : undefined;
    const change = (found: unknown): object | undefined => (found === undefined ? row : undefined);
    return { store: CONVERSATION, key: kept.id.bytes, change };
  }

  remove(id: ConversationId): Write {
    return { store: CONVERSATION, remove: id.bytes };
  }

  async #opened(found: unknown): Promise<KeptConversation> {
    const row = new Row(CONVERSATION, found);
    const id = row.bytes('id');
    const opened = await this.#vault.seal.open(CONVERSATION, id, row.bytes('sealed'));
    return understood(CONVERSATION, () => {
      const written = JSON.parse(lenientTextFrom(opened)) as Written;
      const kept = new KeptConversation(ConversationId.of(id));
      const { admins, members, invited, epoch, picture = '', link = '', ...fields } = written;
      Object.assign(kept, fields, { epoch: BigInt(epoch) });
      kept.admins = admins?.map((uri) => AccountAddress.parseUri(uri));
      kept.picture = fromBase64Url(picture) ?? EMPTY;
      kept.link = fromBase64Url(link) ?? EMPTY;
      kept.setMembers(
        members.map((uri) => DeviceAddress.parseUri(uri)),
        invited.map((uri) => AccountAddress.parseUri(uri)),
      );
      return kept;
    });
  }
}
