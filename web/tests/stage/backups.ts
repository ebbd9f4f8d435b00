/** Backups as one page alone can play them: a key is made, and nothing is kept anywhere. */

import type { BackupView, HistoryView, Operations } from '../../src/sdk/protocol.ts';
import { DOMAIN } from './people.ts';

/** What is shown as a recovery key: nine groups of four. */
export const RECOVERY_KEY = '2A4C 6E8G 3B5D 7F9H KMNP QRST VWXY 2345 6789';

type Played =
  | 'backup'
  | 'setUpRecovery'
  | 'stopBackups'
  | 'backUp'
  | 'findBackup'
  | 'fetchHistory'
  | 'forgoHistory';

/** The device of this page: `history` is what has not come to it. */
interface Here {
  history: HistoryView | undefined;
  readonly nowMs: () => number;
}

export function backups(here: Here): Pick<Operations, Played> {
  let madeAtMs: number | undefined;
  const nowMs = (): number => here.nowMs();
  const made = (): BackupView => ({
    isSetUp: madeAtMs !== undefined,
    ...(madeAtMs === undefined ? {} : { madeAtMs }),
    ...(here.history === undefined ? {} : { history: here.history }),
  });
  const without = (): BackupView => {
    here.history = undefined;
    return made();
  };
  return {
    backup: made,
    setUpRecovery: () => {
      madeAtMs = nowMs();
      return { recoveryKey: RECOVERY_KEY };
    },
    stopBackups: () => {
      madeAtMs = undefined;
      return undefined;
    },
    backUp: () => {
      madeAtMs = nowMs();
      return made();
    },
    fetchHistory: without,
    forgoHistory: without,
    findBackup: ({ name }) => ({ address: `${name}@${DOMAIN}`, madeAtMs: nowMs(), devices: 2 }),
  };
}
