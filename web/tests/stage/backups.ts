/** Backups as one page alone can play them: a key is made, and nothing is kept anywhere. */

import type { BackupView, Operations } from '../../src/sdk/protocol.ts';
import { DOMAIN } from './people.ts';

/** What is shown as a recovery key: nine groups of four. */
export const RECOVERY_KEY = '2A4C 6E8G 3B5D 7F9H KMNP QRST VWXY 2345 6789';

type Played = 'backup' | 'setUpRecovery' | 'stopBackups' | 'backUp' | 'findBackup';

export function backups(nowMs: () => number): Pick<Operations, Played> {
  let madeAtMs: number | undefined;
  const made = (): BackupView =>
    madeAtMs === undefined ? { isSetUp: false } : { isSetUp: true, madeAtMs };
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
    findBackup: ({ name }) => ({ address: `${name}@${DOMAIN}`, madeAtMs: nowMs(), devices: 2 }),
  };
}
