/**
 * The shape of the vault: what is kept in which store (spec/browser_vault.md).
 *
 * A field called `sealed` is sealed for its store and its row; the rest are names, numbers and
 * digests of what has travelled. Stores are only ever added: a new one needs a new VERSION.
 */

import type { StoreShape } from '../platform/database.ts';

export const VERSION = 1;

export const OWN = 'own';
export const EPOCH_STATE = 'epoch_state';
export const RATCHET_STATE = 'ratchet_state';
export const KEY_PACKAGE = 'key_package';
export const JOINED = 'joined';
export const RECEIVED = 'received';
export const OUTBOX = 'outbox';

export const BY_ENVELOPE = 'by_envelope';
export const BY_GROUP = 'by_group';
export const BY_NUMBER = 'by_number';

/** Rows of `own`: the vault's key, who writes, and whose device it is. */
export const KEY_SLOT = 'key';
export const WRITER_SLOT = 'writer';
export const IDENTITY_SLOT = 'identity';

export const STORES: readonly StoreShape[] = [
  { name: OWN, keyPath: 'slot' },
  { name: EPOCH_STATE, keyPath: 'group' },
  { name: RATCHET_STATE, keyPath: 'group' },
  { name: KEY_PACKAGE, keyPath: 'ref' },
  { name: JOINED, keyPath: 'welcome' },
  {
    name: RECEIVED,
    keyPath: 'position',
    indexes: [
      { name: BY_ENVELOPE, keyPath: ['group', 'envelope'], unique: true },
      { name: BY_GROUP, keyPath: ['group', 'position'], unique: true },
    ],
  },
  {
    name: OUTBOX,
    keyPath: ['group', 'id'],
    indexes: [
      { name: BY_ENVELOPE, keyPath: ['group', 'envelope'], unique: true },
      { name: BY_NUMBER, keyPath: 'number', unique: true },
    ],
  },
];
