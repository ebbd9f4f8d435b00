/** A passive client: joins by a Welcome and follows commits, as the vectors prescribe. */

import { expect } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import type { CredentialJudge } from '../../src/mls/credential.ts';
import { Group, join } from '../../src/mls/group.ts';
import { KeyPackageBundle } from '../../src/mls/joiner.ts';
import { parseKeyPackage } from '../../src/mls/key_package.ts';
import { KnownPsks } from '../../src/mls/psk.ts';
import { StagedCommit, StagedProposal } from '../../src/mls/staged.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { there } from '../mls/tree_players.ts';
import { vectors } from '../mls/vectors.ts';

const NOW_S = 1_800_000_000;

interface PassiveEpoch {
  readonly proposals: readonly string[];
  readonly commit: string;
  readonly epoch_authenticator: string;
}

export interface PassiveCase {
  readonly cipher_suite: number;
  readonly key_package: string;
  readonly init_priv: string;
  readonly encryption_priv: string;
  readonly signature_priv: string;
  readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[];
  readonly ratchet_tree: string | null;
  readonly welcome: string;
  readonly initial_epoch_authenticator: string;
  readonly epochs: readonly PassiveEpoch[];
}

/** The vectors' credentials are bare names; nobody to ask. */
const anyone: CredentialJudge = () => undefined;

/** The cases of supported suites. */
export function cases(name: string): PassiveCase[] {
  return vectors<PassiveCase>(name).filter((item) => VECTOR_SUITES.includes(item.cipher_suite));
}

/** Join and process every epoch; the number of epochs after the first. */
export function follow(item: PassiveCase): number {
  const keyPackage = parseKeyPackage(fromHex(item.key_package));
  const bundle = new KeyPackageBundle(
    keyPackage,
    fromHex(item.init_priv),
    fromHex(item.encryption_priv),
    fromHex(item.signature_priv),
  );
  const psks = new KnownPsks(
    new Map(item.external_psks.map(({ psk_id, psk }) => [psk_id, fromHex(psk)])),
  );
  const tree = item.ratchet_tree;
  const { notAfterS } = there(keyPackage.leafNode.lifetime);
  const nowS = notAfterS < NOW_S ? Number(notAfterS) : NOW_S;
  let group = join(fromHex(item.welcome), bundle, anyone, nowS, {
    ratchetTree: tree === null ? undefined : fromHex(tree),
    psks,
  })
    .settleNow()
    .accept();
  expect(toHex(group.epochAuthenticator)).toBe(item.initial_epoch_authenticator);
  const options = { psks, maxLifetimeS: Infinity, allowExternal: () => undefined };
  for (const epoch of item.epochs) {
    for (const proposal of epoch.proposals) {
      const staged = group.process(fromHex(proposal), anyone, NOW_S, options).settleNow();
      expect(staged).toBeInstanceOf(StagedProposal);
      staged.accept();
    }
    const commit = group.process(fromHex(epoch.commit), anyone, NOW_S, options).settleNow();
    expect(commit).toBeInstanceOf(StagedCommit);
    commit.accept();
    expect(toHex(group.epochAuthenticator)).toBe(epoch.epoch_authenticator);
    const saved = group.save();
    group = Group.load(saved.epochState, saved.ratchetState);
    expect(group.save()).toEqual(saved);
  }
  return item.epochs.length;
}
