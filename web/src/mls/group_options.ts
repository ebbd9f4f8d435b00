/** What the operations of `group.ts` can be told; a file of its own because group.ts is full. */

import type { Identity } from './commit.ts';
import type { Extensions } from './extension.ts';
import type { KeyPackage } from './key_package.ts';
import type { Capabilities } from './leaf_node.ts';
import type { AllowExternal } from './process.ts';
import type { ReInit } from './proposal.ts';
import type { KnownPsks } from './psk.ts';
import type { PreSharedKeyId } from './psk_id.ts';

/** How a group is created. */
export interface CreateOptions {
  readonly extensions?: Extensions | undefined;

  /** `ownCapabilities` when left out. */
  readonly capabilities?: Capabilities | undefined;
}

/** What a Commit does, and under which circumstances it is made. */
export interface CommitOptions {
  /** Key packages, parsed or as MLSMessages. */
  readonly adds?: readonly (Uint8Array | KeyPackage)[] | undefined;
  readonly removes?: readonly number[] | undefined;
  readonly extensions?: Extensions | undefined;

  /** Names pre-shared keys that `psks` holds. */
  readonly inject?: readonly PreSharedKeyId[] | undefined;
  readonly psks?: KnownPsks | undefined;
  readonly reinit?: ReInit | undefined;

  /** With all proposals that wait, which is so when it is left out. */
  readonly byReference?: boolean | undefined;

  /** With a path even when none is needed, which is so when it is left out. */
  readonly forcePath?: boolean | undefined;

  /** Replaces this device's signature key and credential. */
  readonly identity?: Identity | undefined;
  readonly authenticated?: Uint8Array | undefined;

  /** Encrypts the Commit. */
  readonly private?: boolean | undefined;
  readonly treeInWelcome?: boolean | undefined;
  readonly maxLifetimeS?: number | undefined;
}

/** Under which circumstances a message is processed. */
export interface ProcessOptions {
  readonly psks?: KnownPsks | undefined;

  /** External commits are refused unless this lets them pass. */
  readonly allowExternal?: AllowExternal | undefined;
  readonly maxLifetimeS?: number | undefined;
}

/** How a Welcome is opened. */
export interface JoinOptions {
  /** Needed when the Welcome is without it. */
  readonly ratchetTree?: Uint8Array | undefined;
  readonly psks?: KnownPsks | undefined;
}

/** How a group is joined by an external commit. */
export interface ExternalJoinOptions extends JoinOptions {
  /** In place of this device's own old leaf. */
  readonly resyncLeaf?: number | undefined;
  readonly inject?: readonly PreSharedKeyId[] | undefined;
  readonly capabilities?: Capabilities | undefined;
}
