/** What a device does for the others of its account, and against losing all of them. */

import { DeviceAddress } from '../base/ids.ts';
import { HISTORY_TRANSFER, Arrival } from './arrival.ts';
import { Backups } from './backups.ts';
import type { Core } from './core.ts';
import { Departures } from './departures.ts';
import type { Device } from './device.ts';
import type { Giver } from './linking.ts';
import { LostDevices } from './lost_devices.ts';
import { addDevice, demandCanAdd, removeDevice } from './own_devices.ts';
import type { Asked, Told } from './protocol.ts';
import type { Rooms } from './rooms.ts';
import { Staff } from './staff.ts';
import type { Team } from './team.ts';

/** Linking, the history's way from device to device, and backups, of one running device. */
export class AccountDevices {
  readonly backups: Backups;
  readonly history: Arrival;
  readonly #core: Core;
  readonly #rooms: Rooms;
  readonly #departures: Departures;
  readonly #lost: LostDevices;
  readonly #staff: Staff;
  readonly #tell: (told: Told) => void;
  readonly #team: Pick<Team, 'introduce'>;

  constructor(
    { core }: Device,
    rooms: Rooms,
    tell: (told: Told) => void,
    team: Pick<Team, 'introduce'>,
  ) {
    this.#team = team;
    this.#core = core;
    this.#rooms = rooms;
    this.#tell = tell;
    this.history = new Arrival(core, tell);
    this.#departures = new Departures(core);
    this.#lost = new LostDevices(core, () => rooms.keeper());
    this.#staff = new Staff(core, () => rooms.keeper());
    this.backups = new Backups(core, tell, this.history);
  }

  /** There is a connection: whatever was begun goes on. */
  kick(): void {
    this.#lost.kick();
    this.history.kick();
    this.#departures.kick((doneBytes, totalBytes) => {
      this.#tell({ what: 'transfer', transfer: HISTORY_TRANSFER, doneBytes, totalBytes });
    });
    this.#staff.kick();
    if (this.#core.own.identity !== undefined) {
      this.backups.kick();
    }
  }

  /**
   * What another device can be given. `staff`: it is one of that person's, by that name, who gets
   * neither the identity key nor what makes backups.
   *
   * Throws NotOwner, SdkError `not_business`, VaultDamaged, StorageUnavailable.
   */
  async giver(staff?: string): Promise<Giver> {
    const core = this.#core;
    const isStaff = staff !== undefined;
    const identity = demandCanAdd(core.own, isStaff);
    return {
      own: core.own,
      identity: isStaff ? undefined : identity,
      recovery: isStaff ? undefined : await this.backups.recovery(),
      enrol: (deviceKey) => addDevice(this.#rooms.keeper(), deviceKey, isStaff),
      withdraw: ({ device }) => removeDevice(this.#rooms.keeper(), device),
      note: async ({ device }, name) => {
        await core.naming.set(device, staff ?? name);
        if (staff !== undefined) {
          await this.#team.introduce(device, core.naming.of(device), true);
        }
        return this.#departures.promise(device);
      },
    };
  }

  /** Call a device so, on the others too where people work with it. Throws as Rooms does. */
  async name(asked: Asked<'nameDevice'>): Promise<undefined> {
    await this.#rooms.nameDevice(asked);
    const device = DeviceAddress.parseUri(asked.device);
    const { address, naming, trust } = this.#core;
    const isStaff = trust.deviceList(address).isStaff(device);
    await this.#team.introduce(device, naming.of(device), isStaff);
    return undefined;
  }

  /** The other device has its keys: the history follows. */
  linked(): void {
    this.#departures.kick();
  }

  /** A device was removed: what it knew of backups is worth nothing any more. */
  removed(): void {
    const { backups } = this;
    this.#core.spawn(async () => {
      if ((await backups.recovery()) !== undefined) {
        await backups.backUp();
      }
    });
  }
}
