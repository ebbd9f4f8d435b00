/**
 * The shape of the vault: what is kept in which store (spec/browser_vault.md).
 *
 * A field called `sealed` is sealed for its store and its row; the rest are names, numbers and
 * digests of what has travelled. Stores are only ever added: a new one needs a new VERSION.
 */

import type { StoreShape } from '../platform/database.ts';

export const VERSION = 1;

/** The database and the lock of a vault. */
export function vaultName(name: string): string {
  return `plausch vault ${name}`;
}

export const OWN = 'own';
export const EPOCH_STATE = 'epoch_state';
export const RATCHET_STATE = 'ratchet_state';
export const KEY_PACKAGE = 'key_package';

export const CONVERSATION = 'conversation';
export const MESSAGE = 'message';
export const DEBT = 'debt';
export const CHUNK = 'chunk';
export const UPLOAD = 'upload';
export const ACCOUNT = 'account';
export const MARK = 'mark';
export const STATUS = 'status';
export const PROBLEM = 'problem';

export const BY_ENVELOPE = 'by_envelope';
export const BY_NUMBER = 'by_number';
export const BY_POSITION = 'by_position';
export const BY_OLDEST = 'by_oldest';
export const BY_NEWEST = 'by_newest';
export const BY_TARGET = 'by_target';
export const BY_SEQ = 'by_seq';
export const BY_EXPIRY = 'by_expiry';
export const BY_CONVERSATION = 'by_conversation';
export const BY_MESSAGE = 'by_message';

/**
 * Rows of `own`: the vault's keys, who writes, whose device it is, how far its mailbox is read; then
 * what linking and backups keep, the profiles of businesses that were seen, and which device is the
 * business's agent; and our own profile as it is written.
 */
export const KEY_SLOT = 'key';
export const NAME_KEY_SLOT = 'name_key';
export const WRITER_SLOT = 'writer';
export const ACCOUNT_SLOT = 'account';
export const MAILBOX_SLOT = 'mailbox';
export const RECOVERY_SLOT = 'recovery';
export const ARRIVING_SLOT = 'arriving';
export const DEPARTING_SLOT = 'departing';
export const NAMES_SLOT = 'names';
export const LOST_SLOT = 'lost';
export const PROFILES_SLOT = 'profiles';
export const AGENT_SLOT = 'agent';
export const PROFILE_DRAFT_SLOT = 'profile_draft';

/** Those that go when the device is erased. */
export const LINKING_SLOTS: readonly string[] = [
  RECOVERY_SLOT,
  ARRIVING_SLOT,
  DEPARTING_SLOT,
  NAMES_SLOT,
  LOST_SLOT,
  PROFILES_SLOT,
  AGENT_SLOT,
  PROFILE_DRAFT_SLOT,
];

export const STORES: readonly StoreShape[] = [
  { name: OWN, keyPath: 'slot' },
  { name: EPOCH_STATE, keyPath: 'group' },
  { name: RATCHET_STATE, keyPath: 'group' },
  { name: KEY_PACKAGE, keyPath: 'ref' },
  { name: CONVERSATION, keyPath: 'id' },
  {
    name: MESSAGE,
    keyPath: 'id',
    indexes: [
      { name: BY_POSITION, keyPath: 'position', unique: true },
      {
        name: BY_OLDEST,
        keyPath: ['conversation', 'shown', 'ordinalMs', 'order', 'position'],
        unique: true,
      },
      // Backwards by negative numbers: reading many rows at once knows only one direction.
      {
        name: BY_NEWEST,
        keyPath: ['conversation', 'shown', 'backMs', 'backOrder', 'backPosition'],
        unique: true,
      },
      { name: BY_TARGET, keyPath: 'target', unique: false },
      { name: BY_ENVELOPE, keyPath: 'envelope', unique: false },
      { name: BY_SEQ, keyPath: ['conversation', 'outgoing', 'seq'], unique: false },
      { name: BY_EXPIRY, keyPath: 'expiresAtMs', unique: false },
    ],
  },
  {
    name: DEBT,
    keyPath: 'id',
    indexes: [
      { name: BY_NUMBER, keyPath: 'number', unique: true },
      { name: BY_CONVERSATION, keyPath: ['conversation', 'number'], unique: true },
      { name: BY_MESSAGE, keyPath: 'message', unique: false },
    ],
  },
  { name: CHUNK, keyPath: ['blob', 'number'] },
  { name: UPLOAD, keyPath: 'message' },
  { name: ACCOUNT, keyPath: 'name' },
  { name: MARK, keyPath: ['conversation', 'account'] },
  { name: STATUS, keyPath: ['message', 'account'] },
  { name: PROBLEM, keyPath: 'number' },
];
