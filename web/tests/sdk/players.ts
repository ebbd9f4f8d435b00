/** Anna, Ben, Cem and their devices, each with a vault and a line to the delivery service. */

import { concat } from '../../src/base/bytes.ts';
import { DeviceAddress, AccountAddress, type ConversationId } from '../../src/base/ids.ts';
import { DeviceCertificate } from '../../src/identity/certificate.ts';
import { DeviceList, type ListedStaff } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { Group, KeyPackageBundle } from '../../src/mls/group.ts';
import { MLS_256_XWING } from '../../src/mls/suite.ts';
import { pause } from '../../src/platform/clock.ts';
import { WebCryptoVerifier } from '../../src/platform/signature_verifier.ts';
import { makeOwn } from '../../src/sdk/account.ts';
import { Core, type Live } from '../../src/sdk/core.ts';
import { Device } from '../../src/sdk/device.ts';
import { Directory } from '../../src/sdk/directory.ts';
import { Epochs } from '../../src/sdk/epochs.ts';
import { type Event, Feed } from '../../src/sdk/events.ts';
import { Files } from '../../src/sdk/files.ts';
import { frank } from '../../src/sdk/franked.ts';
import { Joining } from '../../src/sdk/joining.ts';
import { Outbox } from '../../src/sdk/outbox.ts';
import type { ConversationView, MessageView, Told } from '../../src/sdk/protocol.ts';
import { Rooms } from '../../src/sdk/rooms.ts';
import { Search } from '../../src/sdk/search.ts';
import type { Envelope } from '../../src/sdk/server.ts';
import { Stock } from '../../src/sdk/stock.ts';
import { Sync } from '../../src/sdk/sync.ts';
import { Talk } from '../../src/sdk/talk.ts';
import type { Transport } from '../../src/sdk/transport.ts';
import { Trust } from '../../src/sdk/trust.ts';
import { type AccountOwn, AccountOwnTable } from '../../src/vault/account_own.ts';
import { type Platform, Vault } from '../../src/vault/vault.ts';
import { ManualTimers } from '../platform/manual_timers.ts';
import { freshName, freshPlatform } from '../vault/vault_players.ts';
import { type Delivery, offline } from './delivery.ts';
import { DOMAIN, ManualClock, NOW_S } from './identities.ts';
import { Line } from './line.ts';

const SERVER_URL = 'https://localhost';
const LIFETIME_S = 60 * 24 * 3600;
const PATIENCE_MS = 20_000;

/** The parts that a restart makes anew. */
interface Parts {
  readonly vault: Vault;
  readonly core: Core;
  readonly device: Device;
  readonly epochs: Epochs;
  readonly joining: Joining;
  readonly stock: Stock;
  readonly rooms: Rooms;
  readonly talk: Talk;
  readonly files: Files;
  readonly search: Search;
  readonly line: Line;
}

/** One device of somebody. */
export class Player {
  readonly clock = new ManualClock();
  readonly events: Event[] = [];
  readonly told: Told[] = [];
  timers = new ManualTimers();
  parts!: Parts;
  #running = { steps: 0 };

  private constructor(
    readonly delivery: Delivery,
    readonly name: string,
    readonly platform: Platform,
    readonly vaultName: string,
  ) {}

  /** Somebody new, with key packages at the server; online unless told otherwise. */
  static async join(
    delivery: Delivery,
    name: string,
    isOnline = true,
    kind: AccountOwn['kind'] = 'person',
  ): Promise<Player> {
    const account = new AccountAddress(name, DOMAIN);
    const own = { ...makeOwn(SERVER_URL, account, kind, NOW_S), isRegistered: true };
    const { identity, deviceList } = own;
    const shown = { kind, identityKey: identity!.public, deviceList };
    delivery.register(name, shown, own.device.uri);
    return Player.#of(delivery, own, isOnline);
  }

  static async #of(delivery: Delivery, own: AccountOwn, isOnline: boolean): Promise<Player> {
    const { name } = own.device.account;
    const player = new Player(delivery, name, freshPlatform(), freshName());
    const vault = await Vault.open(player.platform, player.vaultName, false);
    await vault.write(await new AccountOwnTable(vault).put(own));
    await player.#build(vault);
    await player.stockUp(4);
    if (isOnline) {
      await player.connect();
    }
    return player;
  }

  /** Another device of the same account, on its list from now on. */
  async secondDevice(id = 'e'.repeat(16), isOnline = true): Promise<Player> {
    const key = SigningKey.generate();
    const deviceList = this.issue([[id, key.public]]);
    const { own } = this.core;
    const device = new DeviceAddress(own.device.account, id);
    const certificate = this.certificate(device, key);
    const other = { ...own, device, deviceKey: key, certificate, identity: undefined, mailbox: 0 };
    const player = await Player.#of(this.delivery, { ...other, deviceList }, false);
    await this.publish([[id, key.public]]);
    if (isOnline) {
      await player.connect();
    }
    return player;
  }

  certificate(device: DeviceAddress, key: SigningKey): Uint8Array {
    const { identity } = this.core.own;
    const [fromS, toS] = [NOW_S - LIFETIME_S, NOW_S + LIFETIME_S];
    return DeviceCertificate.issue(identity!, device, key.public, fromS, toS);
  }

  /** A list of this device and these. */
  issue(
    others: readonly (readonly [string, Uint8Array])[],
    staff?: readonly ListedStaff[],
  ): Uint8Array {
    const { core } = this;
    const { own } = core;
    const devices = [[own.device.device, own.deviceKey.public] as const, ...others];
    const before = core.trust.deviceList(core.address);
    return DeviceList.issue(own.identity!, core.address, devices, NOW_S, before.raw, staff);
  }

  /** A first list of somebody else, signed with this account's identity key. */
  issueFor(address: AccountAddress): Uint8Array {
    const { device, deviceKey, identity } = this.core.own;
    return DeviceList.issue(identity!, address, [[device.device, deviceKey.public]], NOW_S);
  }

  /** The account lists this device and these, some of them as staff's. */
  async publish(
    others: readonly (readonly [string, Uint8Array])[],
    staff?: readonly ListedStaff[],
  ): Promise<void> {
    const { core } = this;
    const raw = this.issue(others, staff);
    await core.trust.pinOwn('person', raw);
    core.own = { ...core.own, deviceList: raw };
    await this.line.publishDeviceList(raw);
  }

  // --- what there is -------------------------------------------------------------------------

  get core(): Core {
    return this.parts.core;
  }

  get line(): Line {
    return this.parts.line;
  }

  get rooms(): Rooms {
    return this.parts.rooms;
  }

  get talk(): Talk {
    return this.parts.talk;
  }

  get outbox(): Outbox {
    return this.parts.device.outbox;
  }

  get sync(): Sync {
    return this.parts.device.sync;
  }

  get address(): string {
    return this.core.address.toString();
  }

  /** Nothing runs that does not wait for time to pass. */
  get isIdle(): boolean {
    return this.#running.steps <= this.timers.delaysMs.length;
  }

  live(id: string): Live {
    return this.rooms.live(id);
  }

  problems(): string[] {
    return this.events.flatMap((event) => (event.what === 'problem' ? [event.code] : []));
  }

  // --- life ----------------------------------------------------------------------------------

  async #build(vault: Vault): Promise<void> {
    const own = (await new AccountOwnTable(vault).get())!;
    const line = new Line(this.delivery, own.device.uri);
    const feed = new Feed();
    feed.listen((event) => this.events.push(event));
    const tell = (event: Event): void => {
      feed.tell(event);
    };
    const account = own.device.account;
    const trust = new Trust(vault, account, (name) => line.getAccount(name), tell, this.clock);
    this.timers = new ManualTimers();
    const { timers } = this;
    const core = new Core({
      vault,
      own,
      server: line,
      trust,
      feed,
      clock: this.clock,
      verifier: new WebCryptoVerifier(crypto.subtle),
      subtle: crypto.subtle,
      pause: (ms) => (ms === 0 ? Promise.resolve() : pause(timers, ms)),
      random: () => 0.5,
    });
    this.#count(core);
    await trust.load();
    if (trust.account(account) === undefined) {
      await trust.pinOwn(own.kind, own.deviceList);
    }
    await core.load();
    const stock = new Stock(core);
    const outbox = new Outbox(core, () => sync);
    const epochs = new Epochs(core, (live) => {
      outbox.kick(live);
    });
    const joining = new Joining(core);
    const sync = new Sync(core, epochs, joining, stock);
    line.listener = (pushed) => {
      sync.takePush(pushed);
    };
    const device = new Device(core, new Directory(core), outbox, sync, transportOf(line));
    const rooms = await Rooms.open(device);
    const talk = new Talk(device, rooms);
    const files = new Files(device, (told) => this.told.push(told));
    const search = new Search(core);
    this.parts = {
      ...{ vault, core, device, epochs, joining, stock, rooms, talk, files, search, line },
    };
  }

  /** Count what runs, to know when nothing does; what ends late after a crash counts no more. */
  #count(core: Core): void {
    const running = { steps: 0 };
    this.#running = running;
    const spawn = core.spawn.bind(core);
    core.spawn = (step) => {
      spawn(async () => {
        running.steps += 1;
        try {
          await step();
        } finally {
          running.steps -= 1;
        }
      });
    };
  }

  /** Log in, as after a while without connection; returns when all is read and sent. */
  async connect(): Promise<void> {
    this.line.connect();
    const uncounted = { counted: () => Promise.resolve() } as unknown as Stock;
    const serverTimeMs = this.core.clock.nowMs();
    await this.parts.device.greet(uncounted, { keyPackages: 0, serverTimeMs });
    this.core.spawn(() => this.parts.files.kickAll());
    await quiet(this);
  }

  /** The process ends in the middle of whatever it does. */
  async crash(): Promise<void> {
    this.line.cut();
    this.delivery.lines.delete(this.line);
    this.core.close(offline());
    await this.parts.vault.close();
  }

  /** The program begins anew with what is in the vault. */
  async restart(isOnline = true): Promise<void> {
    await this.crash();
    await this.#build(await Vault.open(this.platform, this.vaultName, true));
    if (isOnline) {
      await this.connect();
    }
  }

  /**
   * From now on the device dies at its `count`-th write; `isWritten`: just after it. Returns a
   * function that says whether it has died.
   */
  dieAtWrite(count: number, isWritten: boolean): () => boolean {
    const { vault } = this.parts;
    const write = vault.write.bind(vault);
    let left = count;
    vault.write = async (writes) => {
      left -= 1;
      if (left > 0) {
        await write(writes);
        return;
      }
      if (left === 0 && isWritten) {
        await write(writes);
      }
      this.line.cut();
      this.core.close(offline());
      await new Promise(() => undefined);
    };
    return () => left <= 0;
  }

  /** Fresh key packages at the server, without the whole stock. */
  async stockUp(count: number): Promise<void> {
    const { core, delivery } = { core: this.core, delivery: this.delivery };
    const kept = delivery.device(core.device.uri);
    for (let number = 0; number < count; number += 1) {
      const isLastResort = number === 0;
      const key = core.own.deviceKey.toBytes();
      const bundle = KeyPackageBundle.create(
        ...([MLS_256_XWING, core.credential, key, core.nowS, LIFETIME_S] as const),
        { lastResort: isLastResort },
      );
      const { ref, message } = bundle;
      const write = await core.keyPackages.put({
        ...{ ref, message, isLastResort, suite: MLS_256_XWING, bundle: bundle.save() },
        ...{ isUploaded: true, isUsed: false, madeAtMs: core.clock.nowMs() },
      });
      await core.vault.write([write]);
      if (isLastResort) {
        kept.lastResorts.set(MLS_256_XWING, message);
      } else {
        kept.packages.push(message);
      }
    }
  }

  // --- what people do ------------------------------------------------------------------------

  /** A conversation with somebody, without waiting for the server. */
  async with(other: Player): Promise<string> {
    return (await this.rooms.conversationWith({ address: other.name })).id;
  }

  async say(conversation: string, text: string, answers?: string): Promise<MessageView> {
    const asked = { conversation, text };
    return this.talk.sendText(answers === undefined ? asked : { ...asked, answers });
  }

  async history(conversation: string): Promise<readonly MessageView[]> {
    const asked = { conversation, stretch: { from: 'end' }, limit: 500 } as const;
    return (await this.talk.messages(asked)).messages;
  }

  /** What was said in a conversation, without the lines of the log. */
  async said(conversation: string): Promise<MessageView[]> {
    return (await this.history(conversation)).filter(({ kind }) => kind !== 'event');
  }

  async texts(conversation: string): Promise<string[]> {
    return (await this.said(conversation)).map(({ text }) => text);
  }

  /** The only conversation. */
  only(): ConversationView {
    const [view, ...more] = this.rooms.conversations();
    if (view === undefined || more.length > 0) {
      throw new Error(`${this.name} has ${more.length + (view === undefined ? 0 : 1)} of them.`);
    }
    return view;
  }

  /** Say what no honest device would: these bytes, as an MLS message of this member. */
  async sayRaw(conversation: string, plaintext: Uint8Array, mark?: Uint8Array): Promise<void> {
    const { core } = this;
    const live = this.live(conversation);
    const [raw, epoch] = await core.changing(live, async () => {
      const group = await core.group(live);
      const franked = frank(plaintext.slice(2, 18), plaintext);
      const beside = concat(mark ?? core.mark(group).digest, franked);
      const encrypted = group.encrypt(plaintext, beside);
      await core.vault.write(await core.saveGroup(live, false));
      return [encrypted, group.epoch] as const;
    });
    await core.server.append(
      live.id,
      epoch,
      'message',
      raw,
      crypto.getRandomValues(new Uint8Array(16)),
    );
  }

  /** The same member in the same epoch, for what its owner would never do. */
  async copyOfGroup(conversation: string): Promise<Group> {
    const live = this.live(conversation);
    const { epochState, ratchetState } = (await this.core.group(live)).save();
    return Group.load(epochState, ratchetState);
  }
}

function transportOf(line: Line): Transport {
  return {
    get isOnline() {
      return line.isOnline;
    },
    hurry: () => undefined,
    close: () => {
      line.cut();
      return Promise.resolve();
    },
  } as unknown as Transport;
}

/** Wait until none of them does anything any more. */
export async function quiet(...players: readonly Player[]): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (let calm = 0; calm < 6;) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    calm = players.every(({ isIdle }) => isIdle) ? calm + 1 : 0;
    if (performance.now() > untilMs) {
      throw new Error(`${players.map(({ name }) => name).join()}: no quiet.`);
    }
  }
}

/** Wait until something is true of which nobody tells. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    if (performance.now() > untilMs) {
      throw new Error('It never came true.');
    }
  }
}

/** Anna has said hello to Ben, and he has read it; the id of their conversation. */
export async function annaAndBen(
  delivery: Delivery,
): Promise<readonly [anna: Player, ben: Player, conversation: string]> {
  const anna = await Player.join(delivery, 'anna');
  const ben = await Player.join(delivery, 'ben');
  const conversation = await anna.with(ben);
  await anna.say(conversation, 'hello');
  await quiet(anna, ben);
  return [anna, ben, conversation];
}

/** A group of all of them, begun by the first. */
export async function groupOf(
  title: string,
  first: Player,
  ...others: readonly Player[]
): Promise<string> {
  const addresses = others.map(({ name }) => name);
  const { id } = await first.rooms.createGroup({ title, addresses });
  await quiet(first, ...others);
  return id;
}

/** The log of a conversation at the server. */
export function logOf(
  delivery: Delivery,
  id: ConversationId | string,
): ReturnType<Delivery['log']> {
  return typeof id === 'string' ? delivery.logs.get(id)! : delivery.log(id);
}

/** What becomes of pushes when somebody between alters the envelopes in them. */
export function altering(change: Partial<Envelope>): Line['onPush'] {
  return (pushed) => [
    pushed.push === 'delivery'
      ? { ...pushed, envelopes: pushed.envelopes.map((one) => ({ ...one, ...change })) }
      : pushed,
  ];
}
