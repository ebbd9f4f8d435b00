/** A worker without a thread, for the tests of both of its sides. */

import type { Clock } from '../../src/platform/clock.ts';
import { MlsDesk } from '../../src/sync/desk.ts';
import type { WorkerPort } from '../../src/sync/mls_client.ts';
import type { Answer, Request } from '../../src/sync/protocol.ts';
import { freshPlatform } from '../vault/vault_players.ts';
import { clock } from './device_players.ts';

/** A worker in this thread; messages are cloned on their way as between threads. */
export class HereWorker implements WorkerPort {
  onmessage: ((event: MessageEvent<Answer>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  isTerminated = false;
  readonly reported: unknown[] = [];
  readonly #desk: MlsDesk;

  constructor(platform = freshPlatform(), time: Clock = clock) {
    this.#desk = new MlsDesk(platform, time);
  }

  postMessage(request: Request): void {
    void this.#answer(structuredClone(request));
  }

  async #answer(request: Request): Promise<void> {
    const answer = await this.#desk.answer(request, (error) => this.reported.push(error));
    if (!this.isTerminated) {
      this.onmessage?.({ data: structuredClone(answer) } as MessageEvent<Answer>);
    }
  }

  terminate(): void {
    this.isTerminated = true;
  }
}
