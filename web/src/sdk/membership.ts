/** What a Commit has to change so that the right devices, and only those, are members. */

import { concatAll, lenientTextFrom, utf8 } from '../base/bytes.ts';
import { AccountAddress, type DeviceAddress } from '../base/ids.ts';
import { MAX_VARINT, opaque, parseWhole, vector } from '../mls/codec.ts';
import { ProtocolError } from '../mls/errors.ts';
import type { Extensions } from '../mls/extension.ts';
import { member } from '../mls/framing.ts';
import type { Group } from '../mls/group.ts';
import { parseKeyPackage } from '../mls/key_package.ts';
import { Remove } from '../mls/proposal.ts';
import { MLS_128_X25519_AES128, MLS_256_XWING } from '../mls/suite.ts';
import type { ConversationState } from '../vault/conversations.ts';
import type { Core, Live } from './core.ts';
import { NotParticipant, ServerRefused, TrustRefused } from './errors.ts';
import { demandAdmin, mayAdministrate, rolesAfter } from './roles.ts';
import type { Bundle } from './server.ts';

/** No key package is left, or the list has moved meanwhile: such a device is added later. */
const NONE_TO_CLAIM: ReadonlySet<string> = new Set(['no_key_package', 'unknown_device']);

/** Conversations of more devices use suite 1: X-Wing's Welcomes grow to megabytes there. */
export const XWING_MEMBERS = 256;

/**
 * What a person or a rule wants changed. Kept as a debt until done.
 *
 * `promote` become admins, `demote` are admins no longer. `opening`: the first Commit of a conversation; when it cannot be done, nothing in it can. Every
 * intent also tidies: delisted devices go, newly listed ones of participants come, and proposals
 * that wait are committed.
 */
export class Intent {
  constructor(
    readonly add: readonly AccountAddress[] = [],
    readonly remove: readonly AccountAddress[] = [],
    readonly opening = false,
    readonly promote: readonly AccountAddress[] = [],
    readonly demote: readonly AccountAddress[] = [],
  ) {}

  /** Whether it does nothing but tidy. */
  get onlyTidies(): boolean {
    const { add, remove, promote, demote, opening } = this;
    return add.length + remove.length + promote.length + demote.length === 0 && !opening;
  }

  toBytes(): Uint8Array {
    const { add, remove, opening, promote, demote } = this;
    const uris = (addresses: readonly AccountAddress[]): string[] =>
      addresses.map(({ uri }) => uri);
    const named = { promote: uris(promote), demote: uris(demote) };
    return utf8(JSON.stringify({ add: uris(add), remove: uris(remove), opening, ...named }));
  }

  /** From the vault. */
  static fromBytes(raw: Uint8Array): Intent {
    const written = JSON.parse(lenientTextFrom(raw)) as {
      readonly add: readonly string[];
      readonly remove: readonly string[];
      readonly opening: boolean;
      readonly promote?: readonly string[];
      readonly demote?: readonly string[];
    };
    const addresses = (uris: readonly string[] = []): AccountAddress[] =>
      uris.map((uri) => AccountAddress.parseUri(uri));
    return new Intent(
      addresses(written.add),
      addresses(written.remove),
      written.opening,
      addresses(written.promote),
      addresses(written.demote),
    );
  }
}

/** A Commit with what travels beside it, as a debt keeps it. No secrets. */
export function bundleBytes({ commit, groupInfo, welcome, welcomeTo }: Bundle): Uint8Array {
  const uris = vector(welcomeTo.map((uri) => opaque(utf8(uri))));
  return concatAll([opaque(commit), opaque(groupInfo), opaque(welcome), uris]);
}

/** The reverse of `bundleBytes`. Throws CodecError. */
export function bundleFromBytes(raw: Uint8Array): Bundle {
  return parseWhole(
    (reader) => ({
      commit: reader.opaque(MAX_VARINT),
      groupInfo: reader.opaque(MAX_VARINT),
      welcome: reader.opaque(MAX_VARINT),
      welcomeTo: reader.vector((item) => lenientTextFrom(item.opaque())),
    }),
    raw,
  );
}

/**
 * Devices to add with a key package each, leaves to remove, and the group's extensions when they
 * change. `isNeeded`: whether there is something to commit; for the roles alone only when somebody
 * wants them changed.
 */
export interface Plan {
  readonly adds: ReadonlyMap<string, Uint8Array>;
  readonly removes: readonly number[];
  readonly extensions: Extensions | undefined;
  readonly isNeeded: boolean;
}

const OVER: Partial<Record<ConversationState, string>> = {
  left:
    'This account has left the conversation (or was removed from it): a participant has to add it ' +
    'again.',
  failed: 'The server refused to open this conversation; begin a new one.',
  ended: 'This conversation was ended by one of its participants; begin a new one.',
};

/** Throws NotParticipant when nothing can be sent in this conversation any more. */
export function demandParticipant(live: Live): void {
  const sentence = OVER[live.kept.state];
  if (sentence !== undefined) {
    throw new NotParticipant(sentence);
  }
}

/** The cipher suite of a new conversation of so many devices. */
export function suiteFor(devices: number): number {
  return devices <= XWING_MEMBERS ? MLS_256_XWING : MLS_128_X25519_AES128;
}

/** The devices in a group, by their URIs, and their leaves. */
export function membersOf(
  core: Core,
  group: Group,
): ReadonlyMap<string, { readonly device: DeviceAddress; readonly leaf: number }> {
  return new Map(
    group.members().map(({ credential, leafIndex }) => {
      const device = core.trust.device(credential);
      return [device.uri, { device, leaf: leafIndex }] as const;
    }),
  );
}

/** The devices of a group. */
export function devicesOf(core: Core, group: Group): readonly DeviceAddress[] {
  return Array.from(membersOf(core, group).values(), ({ device }) => device);
}

/**
 * The devices of accounts of which a device proposes its own removal, by their URIs: who leaves,
 * leaves with all devices.
 */
export function leavers(core: Core, group: Group): readonly string[] {
  const asking = askingLeaves(group);
  const members = [...membersOf(core, group).values()];
  const accounts = new Set(
    members.filter(({ leaf }) => asking.has(leaf)).map(({ device }) => device.account.toString()),
  );
  return members
    .filter(({ device }) => accounts.has(device.account.toString()))
    .map(({ device }) => device.uri);
}

/** The leaves that propose their own removal. */
function askingLeaves(group: Group): ReadonlySet<number> {
  const asking = new Set<number>();
  for (const { proposal, sender } of group.proposals.values()) {
    if (proposal instanceof Remove && sender.equals(member(proposal.removed))) {
      asking.add(proposal.removed);
    }
  }
  return asking;
}

/**
 * Devices that asked to go in an epoch that is over, which this device may take out: of others an
 * admin only, since not everybody has seen them ask.
 */
export function rememberedLeavers(core: Core, live: Live): ReadonlySet<string> {
  return mayAdministrate(live.kept, core.address) ? live.leaving : new Set();
}

/**
 * Leaves that must not be encrypted to and can be removed, `besides` those of some accounts.
 *
 * Throws TrustRefused for those that a person has to decide about.
 */
export function outdatedLeaves(
  core: Core,
  live: Live,
  group: Group,
  besides: ReadonlySet<string> = new Set(),
): readonly number[] {
  const found: number[] = [];
  const remembered = rememberedLeavers(core, live);
  for (const { credential, leafIndex, signatureKey } of group.members()) {
    const device = core.trust.device(credential);
    if (leafIndex === group.ownLeaf || besides.has(device.account.toString())) {
      continue;
    }
    const verdict = core.trust.verdict(credential, signatureKey);
    if (verdict === 'outdated' || remembered.has(device.uri)) {
      found.push(leafIndex);
    } else if (verdict === 'bad') {
      core.trust.demandUnchanged([device.account]);
      throw new TrustRefused(
        `${device.uri} in this conversation does not prove to be a device of ` +
          `${device.account.toString()}: nothing is sent to it.`,
      );
    }
  }
  return found;
}

/** Listed devices of these accounts that are not in the group, by their URIs. */
export function missingDevices(
  core: Core,
  group: Group,
  accounts: readonly AccountAddress[],
): ReadonlyMap<string, DeviceAddress> {
  const present = membersOf(core, group);
  const missing = new Map<string, DeviceAddress>();
  for (const address of accounts) {
    for (const device of core.trust.deviceList(address).inTime(core.nowS)) {
      if (!present.has(device.uri)) {
        missing.set(device.uri, device);
      }
    }
  }
  return missing;
}

/** Listed devices of participants of which it is not known that they cannot be added. */
export function untried(core: Core, live: Live, group: Group): readonly DeviceAddress[] {
  const invited = new Set(live.kept.invited.map(String));
  const accounts = live.kept.participants.filter((address) => !invited.has(address.toString()));
  return stillUntried(core, live, missingDevices(core, group, accounts));
}

function stillUntried(
  core: Core,
  live: Live,
  devices: ReadonlyMap<string, DeviceAddress>,
): DeviceAddress[] {
  const now = core.server.generation;
  return Array.from(devices.values()).filter(({ uri }) => live.tried.get(uri) !== now);
}

/**
 * They cannot be added (no key package, none that can be believed, or the server refuses them):
 * nothing waits for them, and they are tried again on the next connection.
 */
export function triedInVain(core: Core, live: Live, uris: Iterable<string>): void {
  const now = core.server.generation;
  for (const [uri, generation] of live.tried) {
    if (generation !== now) {
      live.tried.delete(uri);
    }
  }
  for (const uri of uris) {
    live.tried.set(uri, now);
  }
}

/**
 * Look up everybody, and claim key packages for who is missing.
 *
 * Who is to be added comes with a device at least. Another device of a participant that cannot be
 * added is left out. Throws NotAdmin, TrustRefused, IdentityChanged, ServerRefused, Unreachable.
 */
export async function makePlan(
  core: Core,
  live: Live,
  group: Group,
  intent: Intent,
): Promise<Plan> {
  if ([...intent.add, ...intent.remove].some((address) => !address.equals(core.address))) {
    demandAdmin(core, live.kept);
  }
  const removed = new Set(intent.remove.map(String));
  const added = intent.add.filter((address) => !removed.has(address.toString()));
  const present = membersOf(core, group);
  const accounts = distinct([
    ...Array.from(present.values(), ({ device }) => device.account),
    ...added,
  ]).filter((address) => !removed.has(address.toString()));
  await core.trust.freshen(accounts, core.server.generation);
  core.trust.demandUnchanged(accounts);
  const removes = new Set(outdatedLeaves(core, live, group, removed));
  const leaving = new Set([...leavers(core, group), ...rememberedLeavers(core, live)]);
  const going = new Set<string>();
  for (const { device, leaf } of present.values()) {
    const account = device.account.toString();
    if (leaving.has(device.uri)) {
      going.add(account);
    }
    if (removed.has(account) || leaving.has(device.uri)) {
      removes.add(leaf);
    }
  }
  removes.delete(group.ownLeaf);
  // What a device proposed of itself goes by reference, so that everybody sees whose wish it was.
  askingLeaves(group).forEach((leaf) => removes.delete(leaf));
  const staying = accounts.filter((address) => !going.has(address.toString()));
  const missing = new Map([
    ...missingDevices(core, group, added),
    ...stillUntried(core, live, missingDevices(core, group, staying)).map(
      (device) => [device.uri, device] as const,
    ),
  ]);
  const here = new Set(Array.from(present.values(), ({ device }) => device.account.uri));
  const both = new Set(staying.map(({ uri }) => uri).filter((uri) => here.has(uri)));
  const extensions = rolesAfter(core, group, intent, both);
  const adds = await claimAll(core, live, group.suiteId, missing, added);
  const isAsked = intent.promote.length + intent.demote.length > 0 && extensions !== undefined;
  return {
    adds,
    removes: [...removes].sort((one, other) => one - other),
    extensions,
    isNeeded: adds.size > 0 || removes.size > 0 || isAsked,
  };
}

async function claimAll(
  core: Core,
  live: Live,
  suite: number,
  missing: ReadonlyMap<string, DeviceAddress>,
  added: readonly AccountAddress[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const adds = new Map<string, Uint8Array>();
  const devices = [...missing.values()];
  for (const address of distinct(devices.map(({ account }) => account))) {
    const isAdded = added.some((one) => one.equals(address));
    const wanted = devices.filter(({ account }) => account.equals(address)).map(({ uri }) => uri);
    let claimed: ReadonlyMap<string, Uint8Array> = new Map();
    try {
      claimed = await claim(core, address, wanted, suite);
    } catch (error) {
      const isKnown = error instanceof ServerRefused || error instanceof TrustRefused;
      if (isAdded || !isKnown || error.fault === 'operator') {
        throw error;
      }
      await core.report(live.id, undefined, error);
    }
    if (claimed.size === 0 && isAdded) {
      throw new TrustRefused(
        `${address.toString()} has no device that can be added right now: ask them to come online ` +
          'once.',
        { code: 'nobody_to_add' },
      );
    }
    triedInVain(
      core,
      live,
      wanted.filter((uri) => !claimed.has(uri)),
    );
    for (const [uri, keyPackage] of claimed) {
      adds.set(uri, keyPackage);
    }
  }
  return adds;
}

/**
 * A good key package for each of these devices that has one.
 *
 * Throws TrustRefused when the server hands out what is not theirs, ServerRefused, Unreachable.
 */
async function claim(
  core: Core,
  address: AccountAddress,
  wanted: readonly string[],
  suite: number,
): Promise<ReadonlyMap<string, Uint8Array>> {
  let shown: readonly Uint8Array[];
  try {
    shown = await core.server.claimKeyPackages(address.name, suite, [...wanted].sort());
  } catch (error) {
    if (error instanceof ServerRefused && NONE_TO_CLAIM.has(error.code)) {
      return new Map();
    }
    throw error;
  }
  const claimed = new Map<string, Uint8Array>();
  for (const raw of shown) {
    const device = await ownerOf(core, address, raw);
    if (!wanted.includes(device.uri)) {
      throw new TrustRefused(
        `The server handed out a key package of ${device.uri}, which was not asked for.`,
        { code: 'key_package_refused' },
      );
    }
    claimed.set(device.uri, raw);
  }
  return claimed;
}

async function ownerOf(
  core: Core,
  address: AccountAddress,
  raw: Uint8Array,
): Promise<DeviceAddress> {
  try {
    const { leafNode } = parseKeyPackage(raw);
    await core.judged((judge) => {
      judge(leafNode.credential, leafNode.signatureKey, 'key_package');
      return Promise.resolve();
    });
    return core.trust.device(leafNode.credential);
  } catch (error) {
    if (error instanceof ProtocolError) {
      throw new TrustRefused(
        `The server handed out a key package for ${address.toString()} that cannot be believed: ` +
          error.message,
        { code: 'key_package_refused', cause: error },
      );
    }
    throw error;
  }
}

function distinct(addresses: readonly AccountAddress[]): readonly AccountAddress[] {
  const found = new Map(addresses.map((address) => [address.toString(), address]));
  return [...found.values()].sort((one, other) => AccountAddress.compare(one, other));
}
