/**
 * The named peer: npm ts-mls 1.6.4, the same steps. Its groups are made by one Commit that adds
 * everybody and are not warmed, since it cannot join every valid tree (tests/interop/README.md).
 */

import {
  createApplicationMessage,
  createCommit,
  createGroup,
  defaultCapabilities,
  emptyPskIndex,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  processPrivateMessage,
  type CiphersuiteImpl,
  type ClientState,
  type KeyPackage,
  type PrivateKeyPackage,
} from 'ts-mls';

import { BATCH, medianMs, type Row } from './timing.ts';

const NAMES = {
  'X-Wing': 'MLS_256_XWING_AES256GCM_SHA512_Ed25519',
  '1': 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
} as const;

const CREDENTIAL_BYTES = 250;
const LIFETIME = { notBefore: 0n, notAfter: 9_223_372_036_854_775_807n };

interface Bundle {
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

function bundle(cs: CiphersuiteImpl): Promise<Bundle> {
  const identity = crypto.getRandomValues(new Uint8Array(CREDENTIAL_BYTES));
  const credential = { credentialType: 'basic', identity } as const;
  return generateKeyPackage(credential, defaultCapabilities(), LIFETIME, [], cs);
}

/** A key package, joining a group of `size`, and messages in it. */
export async function measure(
  name: keyof typeof NAMES,
  size: number,
  rounds: number,
): Promise<Row[]> {
  const cs = await getCiphersuiteImpl(getCiphersuiteFromName(NAMES[name]));
  const row = (step: string, ms: number): Row => ({ step, suite: name, size, ms });
  const package_ms = await medianMs(() => bundle(cs), rounds);
  const own = await bundle(cs);
  const id = new TextEncoder().encode('bench');
  let creator = await createGroup(id, own.publicPackage, own.privatePackage, [], cs);
  const bundles: Bundle[] = [];
  for (let number = 1; number < size; number += 1) {
    bundles.push(await bundle(cs));
  }
  const extraProposals = bundles.map((one) => ({
    proposalType: 'add' as const,
    add: { keyPackage: one.publicPackage },
  }));
  const made = await createCommit(
    { state: creator, cipherSuite: cs, pskIndex: emptyPskIndex },
    { extraProposals, ratchetTreeExtension: true },
  );
  creator = made.newState;
  const last = bundles.at(-1);
  const { welcome } = made;
  if (last === undefined || welcome === undefined) {
    throw new Error('the bench needs a group of two at least');
  }
  const enter = (): Promise<ClientState> =>
    joinGroup(welcome, last.publicPackage, last.privatePackage, emptyPskIndex, cs);
  const join_ms = await medianMs(enter, size > 500 ? 1 : 3);
  const messages = await messageRows(creator, await enter(), cs, rounds);
  return [
    row('key package', package_ms),
    row('join', join_ms),
    ...messages.map(([step, ms]) => row(step, ms)),
  ];
}

async function messageRows(
  creator: ClientState,
  follower: ClientState,
  cs: CiphersuiteImpl,
  rounds: number,
): Promise<[string, number][]> {
  const plaintext = new Uint8Array(200).fill(120);
  type Message = Awaited<ReturnType<typeof createApplicationMessage>>['privateMessage'];
  const arriving: Message[] = [];
  let sending = creator;
  const encrypt = await medianMs(
    async () => {
      const made = await createApplicationMessage(sending, plaintext, cs);
      sending = made.newState;
      arriving.push(made.privateMessage);
    },
    rounds,
    BATCH,
  );
  let receiving = follower;
  const queue = arriving.values();
  const decrypt = await medianMs(
    async () => {
      const message = queue.next().value;
      if (message === undefined) {
        throw new Error('the bench has no message left');
      }
      receiving = (await processPrivateMessage(receiving, message, emptyPskIndex, cs)).newState;
    },
    rounds,
    BATCH,
  );
  return [
    ['encrypt', encrypt],
    ['decrypt', decrypt],
  ];
}
