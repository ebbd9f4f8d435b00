/**
 * What the page and the MLS worker say to each other.
 *
 * The page sends requests with ids of its own; the worker answers each of them once, in the order
 * in which they were asked. Out of the worker come ciphertexts, public objects, secrets that were
 * exported by request and content that was received, and all of it only after the vault has it.
 */

import type { Fault } from '../base/errors.ts';
import type { Entry } from '../vault/outbox.ts';
import type { MemberView, Received } from '../vault/received.ts';

export type { Entry, EntryKind } from '../vault/outbox.ts';
export type {
  CommitTaken,
  MemberView,
  MessageTaken,
  ProposalTaken,
  Received,
  Taken,
} from '../vault/received.ts';

/** A credential and the signature key that it may stand beside. */
export interface PinnedDevice {
  readonly credentialType: number;
  readonly credential: Uint8Array;
  readonly signatureKey: Uint8Array;
}

/** Which devices may be members: these and our own, nobody else. There is no default. */
export interface Policy {
  readonly kind: 'pinned';
  readonly devices: readonly PinnedDevice[];
}

/** This device as others see it. */
export interface IdentityView extends PinnedDevice {
  readonly suite: number;
}

/** A key package of ours that waits to be used. */
export interface KeyPackageView {
  readonly ref: Uint8Array;
  readonly suite: number;
  readonly lastResort: boolean;

  /** The MLSMessage for the server. */
  readonly message: Uint8Array;
}

/** A group as it is now. */
export interface GroupView {
  readonly group: Uint8Array;
  readonly suite: number;
  readonly epoch: bigint;
  readonly epochAuthenticator: Uint8Array;
  readonly ownLeaf: number;

  /** False once this device was removed. */
  readonly isActive: boolean;
  readonly hasEnded: boolean;

  /** A Commit of ours waits for the server's answer. */
  readonly hasPending: boolean;

  /** Proposals wait: commit before sending messages. */
  readonly mustCommit: boolean;
}

/** An error as it travels. */
export interface Failure {
  readonly code: string;
  readonly fault: Fault;
  readonly sentence: string;
}

/** What became of one envelope: something was taken, it is our own, or it was not believed. */
export type Outcome =
  | ({ readonly kind: 'received' } & Received)
  | { readonly kind: 'own'; readonly id: Uint8Array }
  | ({ readonly kind: 'refused' } & Failure);

/** What a proposal shall do. */
export type Change =
  | { readonly kind: 'add'; readonly keyPackage: Uint8Array }
  | { readonly kind: 'remove'; readonly leafIndex: number }
  | { readonly kind: 'update' };

/** Each operation with what it is asked and what it answers. */
export interface Operations {
  /** First of all; `wait` until another tab has closed the vault, or be refused. */
  open: (request: { readonly vault: string; readonly wait: boolean; readonly policy: Policy }) => {
    readonly identity: IdentityView | undefined;
  };

  /** Replace the policy. */
  judgeBy: (request: { readonly policy: Policy }) => undefined;

  /** Make this device's signature key pair; the same request again is answered again. */
  makeIdentity: (request: {
    readonly suite: number;
    readonly credentialType: number;
    readonly credential: Uint8Array;
  }) => IdentityView;

  makeKeyPackages: (request: {
    readonly count: number;
    readonly lifetimeS: number;
    readonly lastResort?: boolean;
    readonly suite?: number;
  }) => readonly KeyPackageView[];

  /** Those that wait to be used. */
  keyPackages: (request: Empty) => readonly KeyPackageView[];

  /** Forget key packages that nobody can use any more. */
  dropKeyPackages: (request: { readonly refs: readonly Uint8Array[] }) => undefined;

  createGroup: (request: { readonly group: Uint8Array; readonly suite?: number }) => GroupView;

  /** The same Welcome again is answered again. */
  join: (request: { readonly welcome: Uint8Array }) => GroupView;

  /** A stretch of a log, in one transaction. The same envelope again is answered again. */
  process: (request: {
    readonly group: Uint8Array;
    readonly envelopes: readonly Uint8Array[];
  }) => readonly Outcome[];

  /** A message; the same id again gives the same ciphertext again. */
  encrypt: (request: {
    readonly group: Uint8Array;
    readonly id: Uint8Array;
    readonly plaintext: Uint8Array;
    readonly authenticated?: Uint8Array;
  }) => Entry;

  /** A proposal; the same id again gives the same bytes again. */
  propose: (request: {
    readonly group: Uint8Array;
    readonly id: Uint8Array;
    readonly change: Change;
  }) => Entry;

  /** A Commit of these changes and all proposals that wait; by id as well. */
  commit: (request: {
    readonly group: Uint8Array;
    readonly id: Uint8Array;
    readonly adds?: readonly Uint8Array[];
    readonly removes?: readonly number[];
  }) => Entry;

  /** The server has taken the pending Commit: move to its epoch; the entry goes. */
  acceptCommit: (request: { readonly group: Uint8Array; readonly id: Uint8Array }) => GroupView;

  /** The server has refused the pending Commit: forget it; the entry goes. */
  dropCommit: (request: { readonly group: Uint8Array; readonly id: Uint8Array }) => GroupView;

  /** What is in the outbox, oldest first. */
  outbox: (request: { readonly group?: Uint8Array }) => readonly Entry[];

  /** These entries have arrived. Commits stay: they are accepted or dropped. */
  forget: (request: {
    readonly group: Uint8Array;
    readonly ids: readonly Uint8Array[];
  }) => undefined;

  groups: (request: Empty) => readonly GroupView[];
  members: (request: { readonly group: Uint8Array }) => readonly MemberView[];

  /** What was received after a position, of one group or of all. */
  received: (request: {
    readonly after: number;
    readonly limit: number;
    readonly group?: Uint8Array;
  }) => readonly Received[];

  exportSecret: (request: {
    readonly group: Uint8Array;
    readonly label: string;
    readonly context: Uint8Array;
    readonly length: number;
  }) => Uint8Array;

  /** Close the vault; another tab may have it. */
  close: (request: Empty) => undefined;
}

export type Empty = Readonly<Record<string, never>>;
export type Operation = keyof Operations;
export type Asked<K extends Operation> = Parameters<Operations[K]>[0];
export type Answered<K extends Operation> = ReturnType<Operations[K]>;

/** From the page to the worker. */
export interface Request<K extends Operation = Operation> {
  readonly id: number;
  readonly operation: K;
  readonly asked: Asked<K>;
}

/** From the worker to the page. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };
