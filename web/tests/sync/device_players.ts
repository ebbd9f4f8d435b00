/** Devices over storage in memory, which can be closed and opened again. */

import { utf8 } from '../../src/base/bytes.ts';
import { BASIC } from '../../src/mls/credential.ts';
import { MLS_256_XWING } from '../../src/mls/suite.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { Device } from '../../src/sync/device.ts';
import type { Entry, Outcome, PinnedDevice, Policy, Taken } from '../../src/sync/protocol.ts';
import { type Platform } from '../../src/vault/vault.ts';
import { freshName, freshPlatform } from '../vault/vault_players.ts';

export const GROUP = utf8('sixteen byte grp');
export const DAY_S = 86_400;
export const SUITE = MLS_256_XWING;

export const clock: Clock = { nowMs: () => 1_800_000_000_000 };

export function pinned(...devices: readonly PinnedDevice[]): Policy {
  return { kind: 'pinned', devices };
}

/** A device, and the storage that outlives it. */
export class Player {
  readonly platform: Platform = freshPlatform();
  readonly vault = freshName();
  policy = pinned();
  #device: Device | undefined;
  #lastId = 0;

  constructor(readonly name: string) {}

  /** An open device with an identity. */
  static async make(name: string): Promise<Player> {
    const player = new Player(name);
    await player.open();
    await player.device.makeIdentity({
      suite: SUITE,
      credentialType: BASIC,
      credential: utf8(name),
    });
    return player;
  }

  get device(): Device {
    if (this.#device === undefined) {
      throw new Error(`${this.name} is not open`);
    }
    return this.#device;
  }

  get identity(): PinnedDevice {
    const { identity } = this.device;
    if (identity === undefined) {
      throw new Error(`${this.name} has no identity`);
    }
    return identity;
  }

  async open(): Promise<void> {
    const { vault, policy } = this;
    this.#device = await Device.open(this.platform, clock, { vault, wait: true, policy });
  }

  /** Another life over the same vault. */
  async reopen(): Promise<void> {
    await this.device.close();
    await this.open();
  }

  freshId(): Uint8Array {
    this.#lastId += 1;
    return utf8(`${this.name} ${this.#lastId}`);
  }

  async say(text: string, id = this.freshId()): Promise<Entry> {
    return this.device.encrypt({ group: GROUP, id, plaintext: utf8(text) });
  }

  async hear(...entries: readonly (Entry | Uint8Array)[]): Promise<readonly Outcome[]> {
    const envelopes = entries.map((one) => (one instanceof Uint8Array ? one : one.payload));
    return this.device.process({ group: GROUP, envelopes });
  }
}

/** Players who know one another. */
export async function acquainted(...names: readonly string[]): Promise<Player[]> {
  const players = await Promise.all(names.map((name) => Player.make(name)));
  const policy = pinned(...players.map((player) => player.identity));
  for (const player of players) {
    player.policy = policy;
    await player.device.judgeBy(policy);
  }
  return players;
}

/** A group that the first has made, and the others have joined. */
export async function conversation(...names: readonly string[]): Promise<Player[]> {
  const players = await acquainted(...names);
  const [first, ...others] = players as [Player, ...Player[]];
  await first.device.createGroup({ group: GROUP });
  const adds = await Promise.all(others.map(packageOf));
  const id = first.freshId();
  const { welcome } = await first.device.commit({ group: GROUP, id, adds });
  await first.device.acceptCommit({ group: GROUP, id });
  for (const other of others) {
    await other.device.join({ welcome });
  }
  return players;
}

export async function packageOf(player: Player): Promise<Uint8Array> {
  const [made] = await player.device.makeKeyPackages({ count: 1, lifetimeS: 30 * DAY_S });
  if (made === undefined) {
    throw new Error('no key package was made');
  }
  return made.message;
}

/** What was taken from an envelope that was believed. */
export function takenOf(outcome: Outcome | undefined): Taken {
  if (outcome?.kind !== 'received') {
    throw new Error(`not received: ${outcome?.kind === 'refused' ? outcome.sentence : 'own'}`);
  }
  return outcome.taken;
}

/** The text of a received message. */
export function textOf(outcome: Outcome | undefined): string {
  const taken = takenOf(outcome);
  return taken.kind === 'message' ? new TextDecoder().decode(taken.plaintext) : '';
}
