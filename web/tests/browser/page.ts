/** What tests/browser (Python) finds in the page: workers by name, and how they are killed. */

import { PlauschError } from '../../src/base/errors.ts';
import { trustOwnScripts } from '../../src/platform/trusted_types.ts';
import { type MlsClient, startMlsClient } from '../../src/sync/mls_client.ts';
import type { Asked, Operation } from '../../src/sync/protocol.ts';
import { pack, type Packed, unpack } from './packed.ts';

/** One question to a worker. */
interface Question {
  readonly operation: Operation;
  readonly asked: Packed;
}

/**
 * Questions to one worker, all asked at once and numbered from `first`; it is killed `killAfterMs`
 * after its `killAt`th answer (0: after the questions), or lives if `killAt` is absent.
 */
interface Errand {
  readonly name: string;
  readonly first: number;
  readonly questions: readonly Question[];
  readonly killAt?: number;
  readonly killAfterMs: number;
}

type Report = (index: number, answer: Packed) => Promise<void>;

const clients = new Map<string, MlsClient>();

/** The answer, packed: `{value}` or `{failure}`. */
async function ask(name: string, operation: Operation, asked: Packed): Promise<Packed> {
  let client = clients.get(name);
  if (client === undefined) {
    client = startMlsClient();
    clients.set(name, client);
  }
  try {
    const value = await client.ask(operation, unpack(asked) as Asked<Operation>);
    return { value: pack(value) };
  } catch (error) {
    if (error instanceof PlauschError) {
      const { code, fault, message } = error;
      return { failure: { code, fault, sentence: message } };
    }
    throw error;
  }
}

function kill(name: string): void {
  clients.get(name)?.terminate();
  clients.delete(name);
}

async function runErrand(errand: Errand, report: Report): Promise<void> {
  const { name, first, questions, killAt, killAfterMs } = errand;
  const { promise: killed, resolve } = Promise.withResolvers<undefined>();
  let answers = 0;
  const countTo = (answered: number): void => {
    if (answered === killAt) {
      setTimeout(() => {
        kill(name);
        resolve(undefined);
      }, killAfterMs);
    }
  };
  const all = questions.map(async ({ operation, asked }, index) => {
    const answer = await ask(name, operation, asked);
    answers += 1;
    countTo(answers);
    await report(first + index, answer);
  });
  countTo(0);
  await Promise.all(all);
  if (killAt !== undefined) {
    await killed;
  }
}

/** Run errands side by side. Every answer is reported at the moment at which it arrives. */
async function run(errands: readonly Errand[]): Promise<void> {
  const { report } = window as unknown as { readonly report: Report };
  await Promise.all(errands.map((errand) => runErrand(errand, report)));
}

trustOwnScripts(window);
Object.assign(window, { stage: { ask, kill, run } });
