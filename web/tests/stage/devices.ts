/**
 * Other devices as one page alone can play them: there is one more, and whoever is linked says yes to
 * everything.
 */

import type { DeviceView, LinkingView, Operations, OwnView, Told } from '../../src/sdk/protocol.ts';

const LINK = `https://plausch.example/#/link/${'A2b'.repeat(40)}`;

/** What the other device shows, and what is to be typed here. */
export const DIGITS = '314159';

const DAY_MS = 86_400_000;

type Played =
  | 'devices'
  | 'removeDevice'
  | 'nameDevice'
  | 'beginLinking'
  | 'linkWith'
  | 'confirmLinking'
  | 'cancelLinking'
  | 'wakeUpKey'
  | 'setWakeUp'
  | 'dropWakeUp';

/** The device of this page. */
interface Here {
  /** Once there is an account, a new device is what stands opposite. */
  readonly own: OwnView | undefined;
  readonly nowMs: () => number;
  tell(told: Told): void;
}

export function devices(here: Here): Pick<Operations, Played> {
  let id = 0;
  const shown = (fields: Omit<LinkingView, 'id' | 'side'>): LinkingView => {
    return { id, side: here.own === undefined ? 'new' : 'existing', ...fields };
  };
  const listed = (device: string, name: string, days: number): DeviceView => {
    const isThis = device === here.own?.device;
    return { device, name, isThis, listedAtMs: here.nowMs() - days * DAY_MS };
  };
  return {
    devices: () => [
      listed('0123456789abcdef', 'Chrome', 90),
      listed('fedcba9876543210', 'Safari', 9),
    ],
    removeDevice: () => undefined,
    nameDevice: () => undefined,
    wakeUpKey: () => new Uint8Array(65).fill(4),
    setWakeUp: () => undefined,
    dropWakeUp: () => undefined,
    beginLinking: () => {
      id += 1;
      return shown({ stage: 'showing', link: LINK });
    },
    linkWith: () => {
      id += 1;
      return shown({ stage: 'asking', name: 'Firefox, Android', asksDigits: true });
    },
    confirmLinking: ({ digits }) => {
      const isRight = digits === DIGITS;
      here.tell({ what: 'linking', linking: shown({ stage: isRight ? 'done' : 'working' }) });
      return undefined;
    },
    cancelLinking: () => undefined,
  };
}
