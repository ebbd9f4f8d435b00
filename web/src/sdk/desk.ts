/**
 * The worker's desk: takes what the page asks for to whoever does it, and tells the page what
 * happens.
 *
 * Operations run side by side; what must not is kept apart where it is done (`Core.changing`).
 */

import { PlauschError } from '../base/errors.ts';
import { ConversationId, MessageId } from '../base/ids.ts';
import { Turns } from '../platform/turns.ts';
import { type AccountOwn, AccountOwnTable } from '../vault/account_own.ts';
import { LINKING_SLOTS, OWN } from '../vault/schema.ts';
import { type Platform, Vault } from '../vault/vault.ts';
import { registerAccount } from './account.ts';
import { AccountDevices } from './account_devices.ts';
import { Admissions } from './admission.ts';
import { checkAsked } from './asked.ts';
import { Device, type World } from './device.ts';
import { connectionView, SdkError, Unreachable } from './errors.ts';
import { type Event, Feed } from './events.ts';
import { failureOf } from './failure.ts';
import { Files } from './files.ts';
import { Linkings } from './linkings.ts';
import type {
  Answer,
  Answered,
  Asked,
  MessageView,
  OpenedView,
  Operation,
  OwnView,
  Request,
  Table,
  Told,
} from './protocol.ts';
import { profileOperations } from './profile_operations.ts';
import type { ProfileOperations } from './profile_shapes.ts';
import { fileHeadOf, Recoveries } from './recoveries.ts';
import { Rooms } from './rooms.ts';
import { Search } from './search.ts';
import { greeting } from './server_frames.ts';
import { Talk } from './talk.ts';
import { Team, teamOperations } from './team.ts';
import { contactView } from './views.ts';
import { wakeUps } from './wake_ups.ts';

/** What runs while there is an account. */
interface Running {
  readonly device: Device;
  readonly rooms: Rooms;
  readonly admissions: Admissions;
  readonly talk: Talk;
  readonly files: Files;
  readonly search: Search;
  readonly devices: AccountDevices;
  readonly team: Team;
}

/** By which somebody says something, and does not want to wait for a connection. */
const SAYING: ReadonlySet<Operation> = new Set(['sendText', 'answerCard', 'sendFile', 'retry']);

/** One vault and the device in it. */
export class Desk {
  #vault: Vault;
  readonly #world: World;
  readonly #serverUrl: string;
  readonly #tell: (told: Told) => void;
  readonly #feed = new Feed();

  /** What is told is looked up first, and told in the order in which it happened. */
  readonly #telling = new Turns();
  readonly #table: Table;
  readonly #linkings: Linkings;
  #running: Running | undefined;

  private constructor(vault: Vault, world: World, serverUrl: string, tell: (told: Told) => void) {
    this.#vault = vault;
    this.#world = world;
    this.#serverUrl = serverUrl;
    this.#tell = tell;
    this.#linkings = new Linkings({ outside: world.outside, serverUrl }, tell, world.clock);
    this.#table = this.#operations();
    this.#feed.listen((event) => {
      void this.#telling.run(() => this.#pass(event));
    });
  }

  /**
   * Open the vault of this name, when no other tab has it any more, and start its device.
   *
   * Throws VaultDamaged, StorageUnavailable.
   */
  static async open(
    platform: Platform,
    world: World,
    where: { readonly vault: string; readonly serverUrl: string; readonly wait: boolean },
    tell: (told: Told) => void,
  ): Promise<Desk> {
    const vault = await Vault.open(platform, where.vault, where.wait);
    const desk = new Desk(vault, world, where.serverUrl, tell);
    try {
      const own = await new AccountOwnTable(vault).get();
      if (own?.isRegistered === true) {
        await desk.#start({ ...own, serverUrl: where.serverUrl });
      }
    } catch (error) {
      await vault.close();
      throw error;
    }
    return desk;
  }

  /** Answer one request. Never throws: what goes wrong is the answer. */
  async answer<K extends Operation>({ id, operation, asked }: Request<K>): Promise<Answer> {
    try {
      checkAsked(operation, asked);
      if (SAYING.has(operation)) {
        this.#running?.device.transport.seek();
      }
      return { id, value: await this.#table[operation](asked) };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  }

  /** The network is back, or the page is looked at again. */
  hurry(): void {
    this.#running?.device.transport.hurry();
  }

  /** Let another tab have the vault. */
  async close(): Promise<void> {
    await this.#stop();
    await this.#vault.close();
  }

  // -- inside

  #operations(): Table {
    const rooms = (): Rooms => this.#demand().rooms;
    const talk = (): Talk => this.#demand().talk;
    return {
      open: () => this.#opened(),
      register: (asked) => this.#register(asked),
      conversations: () => rooms().conversations(),
      conversation: (asked) => rooms().conversation(asked),
      conversationWith: (asked) => rooms().conversationWith(asked),
      createGroup: (asked) => rooms().createGroup(asked),
      messages: (asked) => talk().messages(asked),
      search: (asked) => this.#search(asked),
      sendText: (asked) => talk().sendText(asked),
      answerCard: (asked) => talk().answerCard(asked),
      forward: (asked) => talk().forward(asked),
      edit: (asked) => talk().edit(asked),
      remove: (asked) => talk().remove(asked),
      hide: (asked) => talk().hide(asked),
      react: (asked) => talk().react(asked),
      unreact: (asked) => talk().unreact(asked),
      markRead: (asked) => talk().markRead(asked),
      isUnread: (asked) => talk().isUnread(asked),
      retry: (asked) => talk().retry(asked),
      sendFile: (asked) => this.#sendFile(asked),
      fetchFile: ({ message, transfer }) =>
        this.#demand().files.fetch(MessageId.fromHex(message), transfer),
      cancelTransfer: async ({ transfer }) => {
        await this.#demand().files.cancel(transfer);
        return undefined;
      },
      setDraft: (asked) => rooms().setDraft(asked),
      change: (asked) => rooms().change(asked),
      setExpiry: (asked) => rooms().setExpiry(asked),
      accept: (asked) => rooms().accept(asked),
      rename: (asked) => rooms().rename(asked),
      ...this.#groupOperations(),
      add: (asked) => rooms().add(asked),
      leave: (asked) => rooms().leave(asked),
      forget: (asked) => rooms().forget(asked),
      contact: (asked) => rooms().contact(asked),
      contacts: () => rooms().contacts(),
      safety: (asked) => rooms().safety(asked),
      markVerified: (asked) => rooms().markVerified(asked),
      acceptIdentity: (asked) => rooms().acceptIdentity(asked),
      rejectIdentity: (asked) => rooms().rejectIdentity(asked),
      block: (asked) => rooms().block(asked),
      report: (asked) => talk().report(asked),
      devices: () => rooms().devices(),
      removeDevice: async (asked) => {
        await rooms().removeDevice(asked);
        this.#demand().devices.removed();
        return undefined;
      },
      nameDevice: (asked) => this.#demand().devices.name(asked),
      beginLinking: (asked) => this.#link(asked),
      linkWith: (asked) => this.#link(asked),
      confirmLinking: ({ id, digits = '' }) => {
        this.#linkings.confirm(id, digits);
        return undefined;
      },
      cancelLinking: async () => {
        await this.#linkings.cancel();
        return undefined;
      },
      ...this.#recoveryOperations(),
      problems: () => this.#problems(),
      ...wakeUps(() => this.#demand().device.core.server),
      erase: () => this.#erase(),
    };
  }

  #groupOperations(): Pick<
    Table,
    | (keyof ProfileOperations | 'askAgent' | 'team' | 'tellTeam')
    | ('setPicture' | 'appoint' | 'expel' | 'setLink' | 'askToJoin' | 'admission' | 'admit')
  > {
    const rooms = (): Rooms => this.#demand().rooms;
    const admissions = (): Admissions => this.#demand().admissions;
    return {
      ...profileOperations(rooms),
      setPicture: (asked) => rooms().setPicture(asked),
      appoint: (asked) => rooms().appoint(asked),
      expel: (asked) => rooms().expel(asked),
      setLink: (asked) => admissions().setLink(asked),
      askToJoin: (asked) => admissions().askToJoin(asked),
      admission: (asked) => admissions().admission(asked),
      admit: (asked) => admissions().admit(asked),
      ...teamOperations(() => this.#demand().team),
    };
  }

  #recoveryOperations(): Pick<
    Table,
    | 'backup'
    | 'setUpRecovery'
    | 'stopBackups'
    | 'backUp'
    | 'saveBackupFile'
    | 'fetchHistory'
    | 'forgoHistory'
    | 'findBackup'
    | 'restore'
  > {
    const backups = (): AccountDevices['backups'] => this.#demand().devices.backups;
    const recoveries = new Recoveries(this.#world, this.#serverUrl);
    return {
      backup: () => backups().view(),
      setUpRecovery: async ({ passphrase = '' }) => ({
        recoveryKey: await backups().setUp(passphrase),
      }),
      stopBackups: async () => {
        await backups().stop();
        return undefined;
      },
      backUp: async () => {
        await backups().backUp();
        return backups().view();
      },
      saveBackupFile: () => backups().file(),
      fetchHistory: async ({ file }) => {
        const { history } = this.#demand().devices;
        if (file === undefined) {
          await history.again();
        } else {
          const [, chunksAt] = await fileHeadOf(file);
          await history.takeFile(file, chunksAt);
        }
        return backups().view();
      },
      forgoHistory: async () => {
        await this.#demand().devices.history.forgo();
        return backups().view();
      },
      findBackup: (asked) => recoveries.find(asked),
      restore: async (asked) => {
        this.#demandNone();
        const restored = await recoveries.restore(this.#vault, asked);
        await this.#start(restored.own);
        const { chunksAt, own } = restored;
        if (asked.file !== undefined && chunksAt !== undefined) {
          await this.#takeFile(asked.file, chunksAt);
        }
        return ownView(own);
      },
    };
  }

  /** The account is there, whatever becomes of the file: it can be given once more. */
  async #takeFile(file: Blob, chunksAt: number): Promise<void> {
    const { device, devices } = this.#demand();
    try {
      await devices.history.takeFile(file, chunksAt);
    } catch (error) {
      if (!(error instanceof PlauschError)) {
        throw error;
      }
      await device.core.report(undefined, undefined, error);
    }
  }

  async #link({ isScanned = false, link, name, staff }: Partial<Asked<'linkWith'>>) {
    const asked = {
      isScanned,
      ...(link === undefined ? {} : { link }),
      ...(name === undefined ? {} : { name }),
    };
    const running = this.#running;
    if (running === undefined) {
      return this.#linkings.beginNew(this.#vault, asked, ({ own }) => this.#start(own));
    }
    return this.#linkings.beginExisting(await running.devices.giver(staff), asked, () => {
      running.devices.linked();
      return Promise.resolve();
    });
  }

  #opened(): OpenedView {
    const device = this.#running?.device;
    if (device === undefined) {
      return { isOnline: false, code: '' };
    }
    const { core, transport } = device;
    const hindrance = transport.failure ?? transport.maintenance;
    return { own: ownView(core.own), ...connectionView(transport.isOnline, hindrance) };
  }

  async #register({ name, invitation = '', kind = 'person' }: Asked<'register'>): Promise<OwnView> {
    this.#demandNone();
    const { outside, clock } = this.#world;
    const own = await registerAccount(
      this.#vault,
      greeting(outside),
      { serverUrl: this.#serverUrl, name, kind, invitation },
      clock,
    );
    await this.#start(own);
    return ownView(own);
  }

  async #start(own: AccountOwn): Promise<void> {
    const device = await Device.build(this.#vault, own, this.#world, this.#feed);
    const files = new Files(device, this.#tell);
    this.#feed.listen((event) => {
      if (event.what === 'connection' && event.isOnline) {
        device.core.spawn(() => files.kickAll());
      }
    });
    const rooms = await Rooms.open(device);
    const talk = new Talk(device, rooms);
    const team = new Team(device, this.#tell);
    const devices = new AccountDevices(device, rooms, this.#tell, team);
    this.#feed.listen((event) => {
      if (event.what === 'caught_up') {
        devices.kick();
      }
    });
    const admissions = new Admissions(device, rooms);
    this.#feed.listen((event) => {
      team.heard(event);
    });
    this.#running = {
      team,
      device,
      rooms,
      admissions,
      talk,
      files,
      search: new Search(device.core),
      devices,
    };
    device.start();
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await this.#linkings.cancel();
    await running?.device.close(
      new Unreachable('Plausch was closed here; what waits goes out next time.'),
    );
  }

  #search({ query, conversation }: Asked<'search'>): ReturnType<Table['search']> {
    const within = conversation === undefined ? undefined : ConversationId.fromHex(conversation);
    return this.#demand().search.find(query, within);
  }

  async #sendFile(asked: Asked<'sendFile'>): Promise<MessageView> {
    const { device, files, rooms, talk } = this.#demand();
    const live = device.directory.preferred(rooms.live(asked.conversation));
    return talk.demandView(await files.send(live, asked));
  }

  async #problems(): Promise<Answered<'problems'>> {
    const problems = await this.#demand().device.core.problems.all();
    return problems.map(({ conversation, code, sentence, atMs }) => ({
      ...(conversation === undefined ? {} : { conversation: conversation.hex }),
      code,
      sentence,
      atMs,
    }));
  }

  async #erase(): Promise<undefined> {
    await this.#stop();
    const slots = LINKING_SLOTS.map((slot) => ({ store: OWN, remove: slot }));
    const own = new AccountOwnTable(this.#vault).forget();
    this.#vault = await this.#vault.erase([...own, ...slots]);
    this.#tell({ what: 'reset' });
    return undefined;
  }

  #demandNone(): void {
    if (this.#running !== undefined) {
      throw new SdkError('There is an account in this browser already.', { code: 'vault_exists' });
    }
  }

  #demand(): Running {
    if (this.#running === undefined) {
      throw new SdkError('There is no account in this browser yet: choose a name first.', {
        code: 'no_account',
      });
    }
    return this.#running;
  }

  /** An event as the page is told it, with what it is about as it is now. */
  async #pass(event: Event): Promise<void> {
    const running = this.#running;
    try {
      const told = running === undefined ? unattended(event) : await toldOf(running, event);
      if (told !== undefined) {
        this.#tell(told);
      }
    } catch (error) {
      const { code, sentence } = failureOf(error);
      const atMs = this.#world.clock.nowMs();
      this.#tell({ what: 'problem', problem: { code, sentence, atMs } });
    }
  }
}

function unattended(event: Event): Told | undefined {
  return event.what === 'connection' ? event : undefined;
}

async function toldOf(running: Running, event: Event): Promise<Told | undefined> {
  const { device, rooms, talk } = running;
  const { core, directory } = device;
  switch (event.what) {
    case 'message': {
      const message = await talk.view(event.message);
      const live = core.live(event.conversation);
      if (message === undefined || live === undefined || directory.isTeam(live)) {
        return undefined;
      }
      return { what: 'message', message: { ...message, conversation: shownAs(live) } };
    }
    case 'conversation': {
      const live = core.live(event.conversation);
      const isShown = live !== undefined && !directory.isTeam(live);
      return isShown ? { what: 'conversation', conversation: rooms.view(live) } : undefined;
    }
    case 'hidden':
      return {
        what: 'hidden',
        conversation: event.conversation.hex,
        message: event.message.hex,
      };
    case 'gone':
      return { what: 'gone', conversation: event.conversation.hex };
    case 'contact':
      return { what: 'contact', contact: contactView(core, event.address) };
    case 'caught_up':
    case 'connection':
      return event;
    case 'team':
    case 'rpc':
      return undefined; // the team listens for itself
    case 'problem': {
      const { conversation, code, sentence, atMs } = event;
      const problem = { code, sentence, atMs };
      return {
        what: 'problem',
        problem:
          conversation === undefined ? problem : { ...problem, conversation: conversation.hex },
      };
    }
  }

  function shownAs(live: Parameters<typeof directory.preferred>[0]): string {
    return directory.preferred(live).id.hex;
  }
}

function ownView({ device, identity, kind }: AccountOwn): OwnView {
  const isStaff = identity === undefined;
  return { address: device.account.toString(), device: device.uri, kind, isStaff };
}
