/**
 * The TypeScript core as a member of the live fuzz in tests/interop: requests and answers in JSON,
 * bytes in hexadecimal digits. Under Node it stands behind stdin.mjs, in Chromium behind
 * page/worker.js. Devices live here and are named by the requests.
 */

import { gcm } from '@noble/ciphers/aes.js';
import { sha512 } from '@noble/hashes/sha2.js';

import { equalBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { registerChaCha } from '../../src/mls/chacha.ts';
import { Identity } from '../../src/mls/commit.ts';
import { BASIC, Credential } from '../../src/mls/credential.ts';
import { CredentialRefused, ProtocolError } from '../../src/mls/errors.ts';
import { Extension, REQUIRED_CAPABILITIES, RequiredCapabilities } from '../../src/mls/extension.ts';
import { externalJoin, type PendingExternalJoin } from '../../src/mls/external.ts';
import { Group, join } from '../../src/mls/group.ts';
import { KeyPackageBundle } from '../../src/mls/joiner.ts';
import { parseKeyPackage } from '../../src/mls/key_package.ts';
import { registerP256 } from '../../src/mls/p256.ts';
import type { ExternalJoin } from '../../src/mls/process.ts';
import { KnownPsks } from '../../src/mls/psk.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import { encodeEpochState, encodeRatchetState } from '../../src/mls/saved.ts';
import {
  type SignatureVerifier,
  type Unverified,
  unverified,
} from '../../src/mls/signature_checks.ts';
import { ReceivedMessage } from '../../src/mls/staged.ts';
import { MLS_256_XWING, registerSuite, Suite, suite } from '../../src/mls/suite.ts';
import { WebCryptoVerifier } from '../../src/platform/signature_verifier.ts';
import { Fields } from './fields.ts';

const LIFETIME_S = 14 * 86_400;

/** The number by which ts-mls 1.6.4 calls our suite 0xF00D. */
const TS_MLS_XWING = 83;

registerP256();
registerChaCha();

/** How often WebCrypto was asked to verify; a browser without it would pass by noble alone. */
let verifications = 0;

const counting = new Proxy(crypto.subtle, {
  get(subtle, name): unknown {
    verifications += name === 'verify' ? 1 : 0;
    const member: unknown = Reflect.get(subtle, name);
    return typeof member === 'function' ? member.bind(subtle) : member;
  },
});
const webCrypto = new WebCryptoVerifier(counting);

type Json = string | number | boolean | null | undefined | Json[] | { [name: string]: Json };
type Answer = Record<string, Json>;

/** Every member has a basic credential that begins with m. */
function judge(credential: Credential): void {
  if (credential.type !== BASIC || credential.body[0] !== utf8('m')[0]) {
    throw new CredentialRefused(`${toHex(credential.body)} is nobody in these tests.`);
  }
}

/** Everybody may enter from outside; nobody may take another's place. */
function allowExternal({ newcomer, replaces }: ExternalJoin): void {
  if (
    replaces !== undefined &&
    !(
      replaces.credential.equals(newcomer.credential) &&
      equalBytes(replaces.signatureKey, newcomer.signatureKey)
    )
  ) {
    throw new CredentialRefused('The newcomer is not whom it replaces.');
  }
}

/** The other members look at the machine's clock, too. */
function nowS(): number {
  return Math.floor(Date.now() / 1000);
}

function externalPsk(asked: Fields): PreSharedKeyId {
  return PreSharedKeyId.external(asked.bytes('pskId'), asked.bytes('nonce'));
}

/** The extension by which a group demands these types of credential. */
function requiring(credentials: number[]): Extension {
  const required = new RequiredCapabilities([], [], credentials);
  return new Extension(REQUIRED_CAPABILITIES, required.toBytes());
}

/** One device with at most one group. */
class Device {
  group: Group | undefined;
  bundle: KeyPackageBundle | undefined;
  entering: PendingExternalJoin | undefined;
  signerPrivate: Uint8Array;
  nextSigner: Uint8Array;
  readonly psks = new Map<string, Uint8Array>();
  readonly credential: Credential;
  readonly #verifier: SignatureVerifier | undefined;

  /** Without a verifier it verifies in this thread. */
  constructor(
    readonly suiteId: number,
    identity: Uint8Array,
    verifier: SignatureVerifier | undefined,
  ) {
    this.credential = Credential.basic(identity);
    [this.signerPrivate] = suite(suiteId).signatureGenerate();
    this.nextSigner = this.signerPrivate;
    this.#verifier = verifier;
  }

  get live(): Group {
    if (this.group === undefined) {
      throw new Error('This device has no group.');
    }
    return this.group;
  }

  get known(): KnownPsks {
    return new KnownPsks(this.psks);
  }

  async settled<T>(open: Unverified<T>): Promise<T> {
    return this.#verifier === undefined ? open.settleNow() : open.settle(this.#verifier);
  }

  identity(renewed: boolean): Identity | undefined {
    return renewed ? new Identity(this.nextSigner, this.credential) : undefined;
  }

  /** Once the group has taken the new signature key, it is the device's. */
  followSigner(): void {
    const offered = suite(this.suiteId).signaturePublicOf(this.nextSigner);
    if (equalBytes(this.live.signatureKey, offered)) {
      this.signerPrivate = this.nextSigner;
    }
  }

  /** The state as it is, not as `save` may remember it. */
  state(): Answer {
    const { state } = this.live;
    return {
      epochState: toHex(encodeEpochState(state)),
      ratchetState: toHex(encodeRatchetState(state)),
    };
  }

  everything(): Answer {
    const { group, bundle } = this;
    return {
      signer: toHex(this.signerPrivate),
      nextSigner: toHex(this.nextSigner),
      psks: Object.fromEntries([...this.psks].map(([name, secret]) => [name, toHex(secret)])),
      bundle: bundle === undefined ? null : toHex(bundle.save()),
      ...(group === undefined ? { epochState: null, ratchetState: null } : this.state()),
    };
  }

  load(epochState: Uint8Array, ratchetState: Uint8Array): void {
    this.group = Group.load(epochState, ratchetState);
    const { epochState: epoch, ratchetState: ratchet } = this.state();
    if (epoch !== toHex(epochState) || ratchet !== toHex(ratchetState)) {
      throw new Error('What was loaded is saved as something else.');
    }
  }
}

/** Take it in without accepting it. */
async function lookAt(device: Device, asked: Fields): Promise<void> {
  const { suiteId, credential, signerPrivate, bundle, known: psks } = device;
  const [raw, place, ratchetTree] = [
    asked.bytes('raw'),
    asked.text('place'),
    asked.optionalBytes('tree'),
  ];
  if (place === 'message') {
    await device.settled(device.live.process(raw, judge, nowS()));
  } else if (place === 'welcome' && bundle !== undefined) {
    await device.settled(join(raw, bundle, judge, nowS(), { ratchetTree, psks }));
  } else if (place === 'groupInfo') {
    await device.settled(
      externalJoin(raw, credential, signerPrivate, judge, nowS(), { ratchetTree }),
    );
  } else if (place === 'keyPackage') {
    await device.settled(
      unverified((checks) => {
        parseKeyPackage(raw).validate(suite(suiteId), checks, judge, nowS());
      }),
    );
  } else {
    throw new Error(`Nothing can come in as ${place} here.`);
  }
}

type Operation = (device: Device, asked: Fields) => Answer | Promise<Answer>;

const operations: Readonly<Record<string, Operation>> = {
  psk({ psks }, asked) {
    psks.set(toHex(asked.bytes('pskId')), asked.bytes('secret'));
    return {};
  },

  keyPackage(device) {
    const { suiteId, credential, signerPrivate } = device;
    const made = KeyPackageBundle.create(suiteId, credential, signerPrivate, nowS(), LIFETIME_S);
    device.bundle = KeyPackageBundle.load(made.save());
    return { keyPackage: toHex(device.bundle.message) };
  },

  create(device, asked) {
    const { suiteId, credential, signerPrivate } = device;
    const groupId = asked.bytes('groupId');
    device.group = Group.create(suiteId, groupId, credential, signerPrivate, judge, nowS());
    return {};
  },

  async join(device, asked) {
    if (device.bundle === undefined) {
      throw new Error('This device has no key package.');
    }
    const staged = await device.settled(
      join(asked.bytes('welcome'), device.bundle, judge, nowS(), {
        ratchetTree: asked.optionalBytes('tree'),
        psks: device.known,
      }),
    );
    device.group = staged.accept();
    device.bundle = undefined;
    return {};
  },

  async enter(device, asked) {
    const { credential, signerPrivate } = device;
    device.group = undefined;
    device.entering = await device.settled(
      externalJoin(asked.bytes('groupInfo'), credential, signerPrivate, judge, nowS(), {
        resyncLeaf: asked.optionalNumber('leaf'),
        ratchetTree: asked.optionalBytes('tree'),
      }),
    );
    return { commit: toHex(device.entering.commit) };
  },

  /** A new signature key, for the next commit or update. */
  renew(device) {
    [device.nextSigner] = suite(device.suiteId).signatureGenerate();
    return {};
  },

  async commit(device, asked) {
    const required = asked.optionalNumbers('requiredCredentials');
    const inject = asked.objects('psks').map(externalPsk);
    if (asked.flag('resumption')) {
      inject.push(device.live.resumptionPsk(device.live.epoch));
    }
    const pending = await device.settled(
      device.live.commit(judge, nowS(), {
        adds: asked.list('adds').map(fromHex),
        removes: asked.optionalNumbers('removes'),
        extensions: required === undefined ? undefined : [requiring(required)],
        inject,
        psks: device.known,
        forcePath: asked.flag('forcePath'),
        identity: device.identity(asked.flag('renewed')),
        private: asked.flag('hidden'),
        treeInWelcome: asked.flag('treeInWelcome'),
        maxLifetimeS: Infinity,
      }),
    );
    return { commit: toHex(pending.commit), welcome: toHex(pending.welcome) };
  },

  /** The commit just made, or the external join, is in the log. */
  accept(device) {
    if (device.entering !== undefined) {
      device.group = device.entering.accept();
      device.entering = undefined;
      return {};
    }
    if (device.live.pending === undefined) {
      throw new Error('No commit is pending.');
    }
    device.live.pending.accept();
    device.followSigner();
    return {};
  },

  /** Another one came first. Unless told, the group drops it by itself when it takes the other. */
  drop(device, asked) {
    device.nextSigner = device.signerPrivate;
    if (asked.flag('now')) {
      device.live.pending?.drop();
    }
    return {};
  },

  async process(device, asked) {
    const staged = await device.settled(
      device.live.process(asked.bytes('message'), judge, nowS(), {
        psks: device.known,
        allowExternal,
        maxLifetimeS: Infinity,
      }),
    );
    const accepted = staged.accept();
    const { isActive } = device.live;
    if (isActive) {
      device.followSigner();
    }
    return accepted instanceof ReceivedMessage
      ? { isActive, plaintext: toHex(accepted.plaintext) }
      : { isActive };
  },

  /** Why something damaged is refused; in any case it must leave no trace. */
  async refusal(device, asked) {
    const before = JSON.stringify(device.everything());
    let why = '';
    try {
      await lookAt(device, asked);
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      why = `${error.code}: ${error.message}`;
    }
    if (JSON.stringify(device.everything()) !== before) {
      throw new Error('What was not accepted has changed the device.');
    }
    return { why };
  },

  encrypt(device, asked) {
    const { live } = device;
    return { message: toHex(live.encrypt(asked.bytes('plaintext'), asked.bytes('authenticated'))) };
  },

  proposeAdd(device, asked) {
    const options = { private: asked.flag('hidden') };
    return { message: toHex(device.live.proposeAdd(asked.bytes('keyPackage'), options)) };
  },

  proposeRemove(device, asked) {
    const options = { private: asked.flag('hidden') };
    return { message: toHex(device.live.proposeRemove(asked.number('leaf'), options)) };
  },

  proposeUpdate(device, asked) {
    const identity = device.identity(asked.flag('renewed'));
    const options = { identity, private: asked.flag('hidden') };
    return { message: toHex(device.live.proposeUpdate(options)) };
  },

  proposePsk(device, asked) {
    const options = { private: asked.flag('hidden') };
    return { message: toHex(device.live.proposePsk(externalPsk(asked), options)) };
  },

  proposeExtensions(device, asked) {
    const extensions = [requiring(asked.optionalNumbers('requiredCredentials') ?? [])];
    const options = { private: asked.flag('hidden') };
    return { message: toHex(device.live.proposeContextExtensions(extensions, options)) };
  },

  look(device, asked) {
    const { live } = device;
    const [label, context] = [asked.text('label'), asked.bytes('context')];
    return {
      exported: toHex(live.exportSecret(label, context, asked.number('length'))),
      epoch: Number(live.epoch),
      authenticator: toHex(live.epochAuthenticator),
      members: live.members().map((member) => [member.leafIndex, toHex(member.credential.body)]),
    };
  },

  groupInfo(device, asked) {
    return { groupInfo: toHex(device.live.groupInfo(asked.flag('withTree'))) };
  },

  tree(device) {
    return { tree: toHex(device.live.ratchetTree()) };
  },

  /** Through the saved state and back. */
  restart(device) {
    const { epochState, ratchetState } = device.live.save();
    device.load(epochState.slice(), ratchetState);
    return {};
  },

  /** Everything that another implementation needs to go on as this device. */
  save(device) {
    return device.everything();
  },

  load(device, asked) {
    device.signerPrivate = asked.bytes('signer');
    device.nextSigner = asked.bytes('nextSigner');
    for (const [name, secret] of asked.pairs('psks')) {
      device.psks.set(name, fromHex(secret));
    }
    const bundle = asked.optionalBytes('bundle');
    device.bundle = bundle === undefined ? undefined : KeyPackageBundle.load(bundle);
    const epochState = asked.optionalBytes('epochState');
    if (epochState !== undefined) {
      device.load(epochState, asked.bytes('ratchetState'));
    }
    return {};
  },
};

const devices = new Map<string, Device>();

function newDevice(name: string, asked: Fields): Answer {
  const suiteId = asked.number('suite');
  if (suiteId === TS_MLS_XWING) {
    knowXWingByAnotherNumber();
  }
  const verifier = asked.flag('webCrypto') ? webCrypto : undefined;
  devices.set(name, new Device(suiteId, asked.bytes('identity'), verifier));
  return {};
}

/** X-Wing as the suite that ts-mls knows: the number goes into everything that is hashed. */
function knowXWingByAnotherNumber(): void {
  const { name, kem, signature } = suite(MLS_256_XWING);
  const kdf = { id: 0x0003, hash: sha512 };
  const aead = { id: 0x0002, cipher: gcm, keyLength: 32, nonceLength: 12 };
  registerSuite(new Suite(TS_MLS_XWING, name, kem, kdf, aead, signature));
}

async function perform(asked: Fields): Promise<Answer> {
  const [what, name] = [asked.text('operation'), asked.text('client')];
  if (what === 'new') {
    return newDevice(name, asked);
  }
  if (what === 'forget') {
    devices.delete(name);
    return {};
  }
  if (what === 'verifications') {
    return { count: verifications };
  }
  const [operation, device] = [operations[what], devices.get(name)];
  if (operation === undefined || device === undefined) {
    throw new Error(`There is no operation ${what}, or no device ${name}.`);
  }
  return operation(device, asked);
}

/** The answer to one request, both in JSON. Never throws: an error is an answer. */
export async function answer(line: string): Promise<string> {
  const asked = Fields.parse(line);
  const id = asked.number('id');
  try {
    return JSON.stringify({ id, ...(await perform(asked)) });
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const code = error instanceof ProtocolError ? `${error.code}: ` : '';
    return JSON.stringify({ id, error: code + why });
  }
}
