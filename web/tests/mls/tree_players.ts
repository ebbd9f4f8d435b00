/** Players for the tests of trees: devices with all their secrets, and groups of them. */

import { expect } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { BASIC, Credential, type CredentialJudge } from '../../src/mls/credential.ts';
import { ValidationError } from '../../src/mls/errors.ts';
import type { Extensions } from '../../src/mls/extension.ts';
import { KeyPackage } from '../../src/mls/key_package.ts';
import {
  Capabilities,
  LeafContent,
  type LeafContentChanges,
  type LeafNode,
  Lifetime,
} from '../../src/mls/leaf_node.ts';
import { RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { SignatureChecks } from '../../src/mls/signature_checks.ts';
import { type Suite, suite } from '../../src/mls/suite.ts';
import { newPath, TreePrivate } from '../../src/mls/tree_kem.ts';

export const NOW_S = 1_800_000_000;
export const GROUP_ID = utf8('sixteen byte grp');
export const CRYPTO = suite(1);

/** The judge of tests that are not about judging. */
export const anybody: CredentialJudge = () => undefined;

/** A lifetime around `NOW_S`, in seconds from it. */
export function around(beforeS: number, afterS: number): Lifetime {
  return new Lifetime(BigInt(NOW_S + beforeS), BigInt(NOW_S + afterS));
}

/** What `able` changes of an ordinary device. */
export interface CapabilityChanges {
  readonly versions?: readonly number[];
  readonly cipherSuites?: readonly number[];
  readonly extensions?: readonly number[];
  readonly proposals?: readonly number[];
  readonly credentials?: readonly number[];
}

/** What an ordinary device supports, with changes. */
export function able(crypto: Suite, changes: CapabilityChanges = {}): Capabilities {
  return new Capabilities(
    changes.versions ?? [1],
    changes.cipherSuites ?? [crypto.id],
    changes.extensions ?? [],
    changes.proposals ?? [],
    changes.credentials ?? [BASIC, 0xf0a1],
  );
}

/** Run what verifies signatures, and verify them at once. */
export function settled<T>(operation: (checks: SignatureChecks) => T): T {
  const checks = new SignatureChecks();
  const result = operation(checks);
  checks.settleNow();
  return result;
}

/** The check that `operation`, settled, fails; '' when it passes. */
export function verdictOf(operation: (checks: SignatureChecks) => unknown): string {
  try {
    settled(operation);
  } catch (error) {
    if (error instanceof ValidationError) {
      expect(error.message).toMatch(/\.$/);
      expect(error.code).toBe(error.check);
      return error.check;
    }
    throw error;
  }
  return '';
}

/** `thing`, which the test knows to be there. */
export function there<T>(thing: T | undefined): T {
  if (thing === undefined) {
    throw new Error('The test expected something here.');
  }
  return thing;
}

/** One device: keys, and the leaf it would bring. */
export class Device {
  treePrivate: TreePrivate | undefined;

  constructor(
    readonly crypto: Suite,
    readonly name: string,
    readonly signer: Uint8Array,
    readonly signatureKey: Uint8Array,
    readonly encryptionPrivate: Uint8Array,
    readonly encryptionKey: Uint8Array,
  ) {}

  static make(name: string, crypto = CRYPTO): Device {
    return new Device(crypto, name, ...crypto.signatureGenerate(), ...crypto.kemGenerate());
  }

  content(changes: LeafContentChanges = {}): LeafContent {
    return new LeafContent(
      this.encryptionKey,
      this.signatureKey,
      Credential.basic(utf8(this.name)),
      able(this.crypto),
      around(-3600, 86_400),
    ).with(changes);
  }

  leaf(changes: LeafContentChanges = {}): LeafNode {
    return this.content(changes).sign(this.crypto, this.signer);
  }

  keyPackage(extensions: Extensions = [], changes: LeafContentChanges = {}): KeyPackage {
    const [, initKey] = this.crypto.kemGenerate();
    return KeyPackage.sign(this.crypto, this.signer, initKey, this.leaf(changes), extensions);
  }
}

/** A tree and its members by leaf index. */
export class Circle {
  constructor(
    public tree: RatchetTree,
    readonly devices: Map<number, Device>,
  ) {}

  device(leafIndex: number): Device {
    return there(this.devices.get(leafIndex));
  }

  treePrivate(leafIndex: number): TreePrivate {
    return there(this.device(leafIndex).treePrivate);
  }

  add(name: string): number {
    const device = Device.make(name, this.tree.suite);
    const leafIndex = this.tree.addLeaf(device.leaf());
    device.treePrivate = TreePrivate.ofLeaf(leafIndex, device.encryptionPrivate);
    this.devices.set(leafIndex, device);
    return leafIndex;
  }

  /** New keys on a member's path; nobody else learns them (public half only). */
  commit(leafIndex: number): void {
    const content = there(this.tree.leaf(leafIndex)).content();
    const device = this.device(leafIndex);
    const made = newPath(this.tree, leafIndex, content, device.signer, GROUP_ID);
    device.treePrivate = made.treePrivate;
  }
}

/** A group of `size`; with `commits`, every member has committed once, from the left. */
export function circle(size: number, crypto = CRYPTO, { commits = true } = {}): Circle {
  const first = Device.make('member 0', crypto);
  const group = new Circle(RatchetTree.ofOne(crypto, first.leaf()), new Map([[0, first]]));
  first.treePrivate = TreePrivate.ofLeaf(0, first.encryptionPrivate);
  for (let number = 1; number < size; number += 1) {
    group.add(`member ${number}`);
  }
  if (commits) {
    for (const leafIndex of [...group.devices.keys()]) {
      group.commit(leafIndex);
    }
  }
  return group;
}
