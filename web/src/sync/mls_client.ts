/** The page's side: asks the MLS worker, and turns its answers into values and errors. */

import { type Fault, OperatorError, PlauschError } from '../base/errors.ts';
import type { Answer, Answered, Asked, Failure, Operation, Request } from './protocol.ts';

/** What is used here of a Worker. */
export interface WorkerPort {
  onmessage: ((event: MessageEvent<Answer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(request: Request): void;
  terminate(): void;
}

/** The worker refused; code, fault and sentence are those of the error there. */
export class MlsRefused extends PlauschError {
  constructor({ code, fault, sentence }: Failure) {
    super(sentence, { code, fault });
  }
}

/** The worker ended before it answered; what was asked is done or not, ask again. */
export class WorkerGone extends OperatorError {
  static override readonly code: string = 'worker_gone';
  static override readonly fault: Fault = 'operator';
}

/** A question that waits for its answer. */
interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PlauschError) => void;
}

/**
 * Start the worker. Where the content security policy demands Trusted Types, `trustOwnScripts`
 * comes first.
 */
export function startMlsClient(): MlsClient {
  // In one expression: that is how the bundler recognises a worker.
  return new MlsClient(
    new Worker(new URL('./mls_worker.ts', import.meta.url), { type: 'module', name: 'mls' }),
  );
}

/** One worker, as the page sees it. */
export class MlsClient {
  readonly #worker: WorkerPort;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isGone = false;

  constructor(worker: WorkerPort) {
    this.#worker = worker;
    worker.onmessage = ({ data: answer }) => {
      this.#take(answer);
    };
    worker.onerror = () => {
      this.terminate();
    };
  }

  /** Ask for one operation. Throws MlsRefused, WorkerGone. */
  ask<K extends Operation>(operation: K, asked: Asked<K>): Promise<Answered<K>> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) {
        reject(gone());
        return;
      }
      this.#lastId += 1;
      const id = this.#lastId;
      this.#waiting.set(id, {
        resolve: (value) => {
          resolve(value as Answered<K>);
        },
        reject,
      });
      this.#worker.postMessage({ id, operation, asked });
    });
  }

  /** End the worker at once, whatever it is doing. */
  terminate(): void {
    this.#isGone = true;
    this.#worker.terminate();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) {
      reject(gone());
    }
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('failure' in answer) {
      waiting?.reject(new MlsRefused(answer.failure));
    } else {
      waiting?.resolve(answer.value);
    }
  }
}

function gone(): WorkerGone {
  return new WorkerGone('The worker has ended before it answered: start it again and ask again.');
}
