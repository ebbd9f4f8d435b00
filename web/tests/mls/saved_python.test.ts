/** What Python has saved is loaded here and goes on, and back. Needs the Python checkout's .venv. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import type { CredentialJudge } from '../../src/mls/credential.ts';
import { Group } from '../../src/mls/group.ts';
import { type ReceivedMessage, StagedMessage } from '../../src/mls/staged.ts';
import { NOW_S } from './group_players.ts';
import { ALL_SUITES } from './suites.ts';
import { there } from './tree_players.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PYTHON = join(ROOT, '.venv', 'bin', 'python');
const SCRIPT = join(import.meta.dirname, 'saved_python.py');

const anybody: CredentialJudge = () => undefined;

function python(step: string, folder: string, suiteId: number): void {
  const path = [join(ROOT, 'src'), join(ROOT, 'tests')].join(':');
  execFileSync(PYTHON, [SCRIPT, step, folder, `${suiteId}`], {
    env: { ...process.env, PYTHONPATH: path },
    stdio: 'pipe',
  });
}

function fetch(folder: string, name: string): Group {
  const parts = ['epoch', 'ratchet'].map(
    (part) => new Uint8Array(readFileSync(join(folder, `${name}.${part}`))),
  );
  const [epochState, ratchetState] = [there(parts[0]), there(parts[1])];
  const group = Group.load(epochState, ratchetState);
  expect(group.save()).toEqual({ epochState, ratchetState });
  return group;
}

function store(folder: string, name: string, group: Group): void {
  const { epochState, ratchetState } = group.save();
  writeFileSync(join(folder, `${name}.epoch`), epochState);
  writeFileSync(join(folder, `${name}.ratchet`), ratchetState);
}

function accept(group: Group, raw: Uint8Array): ReceivedMessage | undefined {
  const staged = group.process(raw, anybody, NOW_S).settleNow();
  if (staged instanceof StagedMessage) {
    return staged.accept();
  }
  staged.accept();
  return undefined;
}

test.skipIf(!existsSync(PYTHON)).each(ALL_SUITES)(
  'a group goes from Python to TypeScript and back in suite %i',
  (suiteId) => {
    const folder = mkdtempSync(join(tmpdir(), 'plausch-saved-'));
    try {
      python('make', folder, suiteId);
      const commit = new Uint8Array(readFileSync(join(folder, 'commit')));
      const groups = ['anna', 'bela', 'cora'].map((name) => [name, fetch(folder, name)] as const);
      const [anna, bela, cora] = groups.map(([, group]) => group);
      expect(there(there(anna).pending).commit).toEqual(commit);
      for (const [, group] of groups) {
        accept(group, commit);
      }
      const late = new Uint8Array(readFileSync(join(folder, 'late')));
      expect(accept(there(anna), late)?.plaintext).toEqual(utf8('late, from Python'));
      for (const [, group] of groups) {
        expect(group.epochAuthenticator).toEqual(there(anna).epochAuthenticator);
        const said = group.encrypt(utf8('here'));
        for (const [, other] of groups) {
          if (other !== group) {
            expect(accept(other, said)?.plaintext).toEqual(utf8('here'));
          }
        }
      }
      writeFileSync(join(folder, 'late'), there(cora).encrypt(utf8('late, from TypeScript')));
      accept(there(bela), there(cora).proposeUpdate({ private: true }));
      accept(there(anna), there(cora).proposeRemove(2));
      const pending = there(bela).commit(anybody, NOW_S, { byReference: false }).settleNow();
      writeFileSync(join(folder, 'commit'), pending.commit);
      for (const [name, group] of groups) {
        store(folder, name, group);
      }
      python('go_on', folder, suiteId);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
