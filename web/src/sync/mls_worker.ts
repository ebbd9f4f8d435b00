/** The worker's own file: connects the desk with the page. Everything else is testable without. */

import { CLOCK } from '../platform/clock.ts';
import { MlsDesk } from './desk.ts';
import type { Answer, Request } from './protocol.ts';

/** What is used here of a DedicatedWorkerGlobalScope. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(answer: Answer): void;
  reportError(error: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;

const desk = new MlsDesk({ indexedDB, locks: navigator.locks, subtle: crypto.subtle }, CLOCK);

async function answer(request: Request): Promise<void> {
  scope.postMessage(
    await desk.answer(request, (error) => {
      scope.reportError(error);
    }),
  );
}

scope.onmessage = ({ data: request }) => {
  void answer(request);
};
