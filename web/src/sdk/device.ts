/** The wiring of one device: everything that works together, built once. */

import { OperatorError, type PlauschError } from '../base/errors.ts';
import { AccountAddress, parseName } from '../base/ids.ts';
import { type Clock, pause } from '../platform/clock.ts';
import { WebCryptoVerifier } from '../platform/signature_verifier.ts';
import type { AccountOwn } from '../vault/account_own.ts';
import type { Vault } from '../vault/vault.ts';
import type { LoggedIn } from '../wire/frames.ts';
import { socketUrl } from './address.ts';
import type { Outside } from './connection.ts';
import { Core } from './core.ts';
import { Directory } from './directory.ts';
import { Epochs } from './epochs.ts';
import { connectionView, SdkError, ServerRefused } from './errors.ts';
import { type Feed } from './events.ts';
import { Joining } from './joining.ts';
import { Outbox } from './outbox.ts';
import { pushedOf, serverOver, signedLogin } from './server_frames.ts';
import { Stock } from './stock.ts';
import { Sync } from './sync.ts';
import { Transport } from './transport.ts';
import { Trust } from './trust.ts';

/** What a device needs of the world. */
export interface World {
  readonly outside: Outside;
  readonly clock: Clock;
  readonly subtle: SubtleCrypto;
  readonly random: () => number;
}

/**
 * Clocks that are further apart are told of: certificates begin and end by them, and what is proven
 * is refused by whose clock is elsewhere.
 */
const CLOCKS_APART_MS = 3_600_000;

/** What a login tells of the device and of the server. */
type Greeting = Pick<LoggedIn, 'keyPackages' | 'serverTimeMs'>;

/** The parts of one device. */
export class Device {
  #hasToldOfClock = false;

  constructor(
    readonly core: Core,
    readonly directory: Directory,
    readonly outbox: Outbox,
    readonly sync: Sync,
    readonly transport: Transport,
  ) {}

  /**
   * A device from its vault, not yet connected. Throws VaultDamaged, StorageUnavailable,
   * SdkError (bad URL).
   */
  static async build(vault: Vault, own: AccountOwn, world: World, feed: Feed): Promise<Device> {
    const built: Device[] = [];
    const transport = new Transport(
      {
        url: socketUrl(own.serverUrl),
        domain: own.device.account.domain,
        sign: signedLogin(own),
        onPush: (push) => {
          const pushed = pushedOf(push);
          if (pushed !== undefined) {
            built[0]?.sync.takePush(pushed);
          }
        },
        onOnline: async (loggedIn) => built[0]?.greet(stock, loggedIn),
        onChange: (isOnline, failure) => {
          feed.tell({ what: 'connection', ...connectionView(isOnline, failure) });
        },
      },
      world.outside,
    );
    const server = serverOver(transport);
    const { clock } = world;
    const trust = new Trust(
      vault,
      own.device.account,
      (name) => server.getAccount(name),
      (event) => {
        feed.tell(event);
      },
      clock,
    );
    const core = new Core({
      vault,
      own,
      server,
      trust,
      feed,
      clock,
      verifier: new WebCryptoVerifier(world.subtle),
      subtle: world.subtle,
      pause: (ms) => pause(world.outside.timers, ms),
      random: world.random,
    });
    await trust.load();
    if (trust.account(core.address) === undefined) {
      await trust.pinOwn(own.kind, own.deviceList);
    }
    await core.load();
    const stock = new Stock(core);
    const outbox = new Outbox(core, () => sync);
    const epochs = new Epochs(core, (live) => {
      outbox.kick(live);
    });
    const sync = new Sync(core, epochs, new Joining(core), stock);
    const device = new Device(core, new Directory(core), outbox, sync, transport);
    built.push(device);
    return device;
  }

  /** Connect, once everybody who is to hear of what comes listens. */
  start(): void {
    this.transport.start();
  }

  /** Everything that follows a login. */
  async greet(stock: Stock, { keyPackages, serverTimeMs }: Greeting): Promise<void> {
    const { core } = this;
    await this.#compareClocks(serverTimeMs);
    await this.sync.resume();
    core.caughtUpOn = core.server.generation;
    core.feed.tell({ what: 'caught_up' });
    await this.outbox.kickAll();
    await this.#ifAllowed(stock.counted(keyPackages));
    await this.#ifAllowed(this.sync.learnMarks());
  }

  /** Only a person can set a clock; told once, and nothing is calculated by the server's. */
  async #compareClocks(serverTimeMs: number): Promise<void> {
    const { core } = this;
    if (!this.#hasToldOfClock && Math.abs(core.clock.nowMs() - serverTimeMs) > CLOCKS_APART_MS) {
      this.#hasToldOfClock = true;
      const sentence =
        "This device's clock and the server's are more than an hour apart: set the one that is wrong.";
      await core.report(undefined, undefined, new OperatorError(sentence, { code: 'clock_wrong' }));
    }
  }

  /** What the server refuses here is noted; messages come and go without it. */
  async #ifAllowed(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      if (!(error instanceof ServerRefused)) {
        throw error;
      }
      await this.core.report(undefined, undefined, error);
    }
  }

  /**
   * The address of somebody else, as `name` or `name@domain`. Throws NameRefused, SdkError.
   */
  parseOther(text: string): AccountAddress {
    const { address } = this.core;
    const parsed = text.includes('@')
      ? AccountAddress.parse(text)
      : new AccountAddress(parseName(text), address.domain);
    if (parsed.equals(address)) {
      throw new SdkError(`${parsed.toString()} is this very account.`, { code: 'own_account' });
    }
    if (parsed.domain !== address.domain) {
      throw new SdkError(
        `${parsed.toString()} lives on another server; this one can only reach accounts of ` +
          `${address.domain}.`,
        { code: 'account_elsewhere' },
      );
    }
    return parsed;
  }

  /** End it; the vault stays open for its owner. */
  async close(farewell: PlauschError): Promise<void> {
    this.core.close(farewell);
    await this.transport.close();
  }
}
