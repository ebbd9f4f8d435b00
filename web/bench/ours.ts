/**
 * What the TypeScript core costs. "Warm" means that the committer's copath is filled by earlier
 * commits, as in a group that is in use. Signatures are verified by WebCrypto, as in the worker.
 */

import { Credential, PLAUSCH } from '../src/mls/credential.ts';
import { Group, join, KeyPackageBundle } from '../src/mls/group.ts';
import { StagedMessage } from '../src/mls/staged.ts';
import { MLS_256_XWING, suite } from '../src/mls/suite.ts';
import { WebCryptoVerifier } from '../src/platform/signature_verifier.ts';
import { BATCH, median, medianMs, type Row } from './timing.ts';

const NOW_S = 1_800_000_000;
const LIFETIME_S = 86_400;

/** About the size of a device certificate. */
const CREDENTIAL_BYTES = 250;

const GROUP_ID = new TextEncoder().encode('bench-group-0001');
const verifier = new WebCryptoVerifier(crypto.subtle);

/** The bench measures MLS, not certificates. */
function anyone(): void {
  return;
}

function device(suiteId: number): readonly [Credential, Uint8Array] {
  const [privateKey] = suite(suiteId).signatureGenerate();
  const body = crypto.getRandomValues(new Uint8Array(CREDENTIAL_BYTES));
  return [new Credential(PLAUSCH, body), privateKey];
}

function bundle(suiteId: number): KeyPackageBundle {
  return KeyPackageBundle.create(suiteId, ...device(suiteId), NOW_S, LIFETIME_S);
}

/** A warm group: its creator, one follower, and a bundle that nobody has used. */
interface Cast {
  readonly creator: Group;
  readonly follower: Group;
  readonly welcome: Uint8Array;
  readonly newest: KeyPackageBundle;
}

async function joined(welcome: Uint8Array, own: KeyPackageBundle): Promise<Group> {
  return (await join(welcome, own, anyone, NOW_S).settle(verifier)).accept();
}

async function follow(group: Group, commit: Uint8Array): Promise<void> {
  (await group.process(commit, anyone, NOW_S).settle(verifier)).accept();
}

/** A group of `size`, its creator's copath filled by one member of each subtree. */
async function assemble(suiteId: number, size: number): Promise<Cast> {
  const creator = Group.create(suiteId, GROUP_ID, ...device(suiteId), anyone, NOW_S);
  const bundles = Array.from({ length: size - 1 }, () => bundle(suiteId));
  const adds = bundles.map((one) => one.message);
  const first = await creator.commit(anyone, NOW_S, { adds }).settle(verifier);
  const everybody = [creator];
  first.accept();
  for (let place = 1; place < size; place *= 2) {
    const own = bundles[place - 1];
    if (own !== undefined) {
      everybody.push(await joined(first.welcome, own));
    }
  }
  for (const warmer of everybody.slice(1)) {
    const made = await warmer.commit(anyone, NOW_S).settle(verifier);
    for (const other of everybody) {
      if (other !== warmer) {
        await follow(other, made.commit);
      }
    }
    made.accept();
  }
  const newest = bundle(suiteId);
  const last = await creator.commit(anyone, NOW_S, { adds: [newest.message] }).settle(verifier);
  for (const other of everybody.slice(1)) {
    await follow(other, last.commit);
  }
  last.accept();
  const follower = everybody.at(-1) ?? creator;
  return { creator, follower, welcome: last.welcome, newest };
}

async function commits(cast: Cast, rounds: number): Promise<readonly [number, number]> {
  const making: number[] = [];
  const taking: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    const made = await cast.creator.commit(anyone, NOW_S).settle(verifier);
    const done = performance.now();
    await follow(cast.follower, made.commit);
    taking.push(performance.now() - done);
    making.push(done - begin);
    made.accept();
  }
  return [median(making), median(taking)];
}

async function messages(cast: Cast, rounds: number): Promise<readonly [number, number]> {
  const plaintext = new Uint8Array(200).fill(120);
  const raws: Uint8Array[] = [];
  const encrypt = await medianMs(() => raws.push(cast.creator.encrypt(plaintext)), rounds, BATCH);
  const arriving = raws.values();
  const decrypt = await medianMs(
    async () => {
      const raw = arriving.next().value ?? new Uint8Array();
      const staged = await cast.follower.process(raw, anyone, NOW_S).settle(verifier);
      if (!(staged instanceof StagedMessage)) {
        throw new Error('the bench expected a message');
      }
      staged.accept();
    },
    rounds,
    BATCH,
  );
  return [encrypt, decrypt];
}

/** All figures of one group. */
export async function measure(suiteId: number, size: number, rounds: number): Promise<Row[]> {
  const name = suiteId === MLS_256_XWING ? 'X-Wing' : String(suiteId);
  const row = (step: string, ms: number): Row => ({ step, suite: name, size, ms });
  const cast = await assemble(suiteId, size);
  const package_ms = await medianMs(() => bundle(suiteId), rounds);
  const join_ms = await medianMs(() => joined(cast.welcome, cast.newest), Math.min(rounds, 5));
  const [commit_ms, process_ms] = await commits(cast, rounds);
  const [encrypt_ms, decrypt_ms] = await messages(cast, rounds);
  return [
    row('key package', package_ms),
    row('join', join_ms),
    row('commit', commit_ms),
    row('process', process_ms),
    row('encrypt', encrypt_ms),
    row('decrypt', decrypt_ms),
  ];
}
