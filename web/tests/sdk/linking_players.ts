/** A device that has an account and a new one, linked over a relay that may misbehave. */

import { AccountAddress } from '../../src/base/ids.ts';
import { makeOwn } from '../../src/sdk/account.ts';
import { newNotePlace } from '../../src/sdk/archive_ref.ts';
import {
  ExistingSide,
  type Giver,
  type Linked,
  NewSide,
  type Told,
} from '../../src/sdk/linking.ts';
import { addDevice, type Enrolled } from '../../src/sdk/own_devices.ts';
import { Unreachable } from '../../src/sdk/errors.ts';
import type { LinkCode } from '../../src/sdk/pairing.ts';
import type { AccountOwn } from '../../src/vault/account_own.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import { DOMAIN, NOW_S } from './identities.ts';
import { PairingServer } from './pairing_server.ts';

export const SERVER_URL = 'http://localhost';

/** What a side told, in order. */
export class Heard {
  readonly told: Told[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly tell = (told: Told): void => {
    this.told.push(told);
    this.#waiting.splice(0).forEach((wake) => {
      wake();
    });
  };

  /** The first of this stage, when it has come. */
  async stage<S extends Told['stage']>(stage: S): Promise<Extract<Told, { stage: S }>> {
    for (;;) {
      const found = this.told.find((one) => one.stage === stage);
      if (found !== undefined) {
        return found as Extract<Told, { stage: S }>;
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}

/** Anna's computer, which has her account. */
export class Anna {
  own: AccountOwn = {
    ...makeOwn(SERVER_URL, new AccountAddress('anna', DOMAIN), 'person', NOW_S),
    isRegistered: true,
  };
  readonly published: Uint8Array[] = [];
  readonly notes: string[] = [];
  readonly withdrawn: string[] = [];
  isStuck = false;

  /** Whether the new device is one of staff; then this account is a business. */
  isStaffs = false;
  refusal: Error | undefined;

  get giver(): Giver {
    return {
      own: this.own,
      recovery: undefined,
      identity: this.isStaffs ? undefined : this.own.identity,
      enrol: (deviceKey) => this.enrol(deviceKey),
      withdraw: ({ device }) => {
        this.withdrawn.push(device.uri);
        return this.isStuck
          ? Promise.reject(new Unreachable('Nobody is there.'))
          : Promise.resolve();
      },
      note: (_, name) => {
        this.notes.push(name);
        return Promise.resolve(newNotePlace());
      },
    };
  }

  enrol(deviceKey: Uint8Array): Promise<Enrolled> {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the getters below need it
    const anna = this;
    return addDevice(
      {
        get own() {
          return anna.own;
        },
        nowS: NOW_S,
        trust: {
          refresh: () => Promise.resolve(undefined as never),
          deviceList: () => parseDeviceList(anna.own.deviceList),
          pinOwn: () => Promise.resolve(),
        },
        waitOnline: () => Promise.resolve(),
        publish: (list) => {
          if (this.refusal !== undefined) {
            return Promise.reject(this.refusal);
          }
          this.published.push(list);
          return Promise.resolve();
        },
        keepOwn: (own) => {
          anna.own = own;
          return Promise.resolve();
        },
        takeOut: () => Promise.resolve(),
      },
      deviceKey,
      this.isStaffs,
    );
  }
}

/** A linking under way on one of the two devices. */
export interface Under<S, T> {
  readonly side: S;
  readonly heard: Heard;
  readonly done: Promise<T>;
}

/** The server between them, and whoever is linked over it. */
export class Meeting {
  readonly server = new PairingServer();
  readonly anna = new Anna();

  newSide(
    scanned?: LinkCode,
    name = 'Phone',
    wanted: Promise<void> = Promise.resolve(),
  ): Under<NewSide, Linked> {
    const { outside } = this.server;
    const side = new NewSide({ outside, serverUrl: SERVER_URL }, name, scanned);
    const heard = new Heard();
    const done = side.run(heard.tell, () => NOW_S, wanted);
    done.catch(() => undefined);
    return { side, heard, done };
  }

  existingSide(
    scanned?: LinkCode,
    giver = this.anna.giver,
    isSeen = true,
  ): Under<ExistingSide, Enrolled> & {
    agree: () => void;
  } {
    const { outside } = this.server;
    const side = new ExistingSide({ outside, serverUrl: SERVER_URL }, giver, scanned, isSeen);
    const heard = new Heard();
    const agreed = Promise.withResolvers<undefined>();
    const done = side.run(heard.tell, agreed.promise);
    done.catch(() => undefined);
    const agree = (): void => {
      agreed.resolve(undefined);
    };
    return { side, heard, done, agree };
  }
}
