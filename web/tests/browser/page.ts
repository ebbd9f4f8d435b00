/**
 * What tests/browser (Python) finds in the page: the app's worker, how it is asked, and how it is
 * killed. The app's own side of it (models/messenger.ts) would start another at once.
 */

import { trustOwnScripts } from '../../src/platform/trusted_types.ts';
import type { Answer, Asked, Operation, Request, Told } from '../../src/sdk/protocol.ts';
import { pack, type Packed, unpack } from './packed.ts';

/** One question to the worker. */
interface Question {
  readonly operation: Operation;
  readonly asked: Packed;
}

/**
 * Questions, all asked at once and numbered from `first`; the worker is killed `killAfterMs` after
 * its `killAt`th answer (0: after the questions), or lives if `killAt` is absent.
 */
interface Errand {
  readonly first: number;
  readonly questions: readonly Question[];
  readonly killAt?: number;
  readonly killAfterMs: number;
}

type Report = (index: number, answer: Packed) => Promise<void>;

const GONE = { failure: { code: 'worker_gone', fault: 'operator', sentence: 'It was killed.' } };

/** What was told since it was last asked for. */
const told: Told[] = [];

let worker: Worker | undefined;
let asked = 0;
const waiting = new Map<number, (answer: object) => void>();

function running(): Worker {
  if (worker === undefined) {
    // In one expression: that is how the bundler recognises a worker.
    worker = new Worker(new URL('../../src/sdk/worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data: answer }: MessageEvent<Answer>) => {
      if ('told' in answer) {
        told.push(answer.told);
        return;
      }
      const { id, ...rest } = answer;
      waiting.get(id)?.(rest);
      waiting.delete(id);
    };
    worker.onerror = ({ message }) => {
      throw new Error(`the worker has failed: ${message}`);
    };
  }
  return worker;
}

/** The answer, packed: `{value}` or `{failure}`. */
async function ask(operation: Operation, packed: Packed): Promise<Packed> {
  const { promise, resolve } = Promise.withResolvers<object>();
  asked += 1;
  waiting.set(asked, resolve);
  const request: Request = {
    id: asked,
    operation,
    asked: unpack(packed) as Asked<Operation>,
  };
  running().postMessage(request);
  return pack(await promise);
}

/** End the worker at once, whatever it is doing. */
function kill(): void {
  worker?.terminate();
  worker = undefined;
  const unanswered = [...waiting.values()];
  waiting.clear();
  for (const resolve of unanswered) {
    resolve(GONE);
  }
}

/** Run an errand. Every answer is reported at the moment at which it arrives. */
async function run({ first, questions, killAt, killAfterMs }: Errand): Promise<void> {
  const { report } = window as unknown as { readonly report: Report };
  const { promise: killed, resolve } = Promise.withResolvers<undefined>();
  let answers = 0;
  const count = (): void => {
    if (answers === killAt) {
      setTimeout(() => {
        kill();
        resolve(undefined);
      }, killAfterMs);
    }
  };
  const all = questions.map(async (question, index) => {
    const answer = await ask(question.operation, question.asked);
    answers += 1;
    count();
    await report(first + index, answer);
  });
  count();
  await Promise.all(killAt === undefined ? all : [...all, killed]);
}

/** What was told meanwhile. */
async function heard(): Promise<Packed> {
  return pack(told.splice(0));
}

trustOwnScripts(window);
Object.assign(window, { stage: { ask, kill, run, heard } });
