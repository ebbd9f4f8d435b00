/**
 * Several tabs, one device: the tab that has the vault does what all of them ask for.
 *
 * A worker that does not have the vault passes its page's requests on over a BroadcastChannel and
 * hands the answers back, and what is told. When the one that had it is gone, the next one gets the
 * vault (Web Locks); what was asked for and not answered by then may have been done or not, and is
 * refused as `worker_gone`: the page reads anew.
 */

import type { Answer, Failure, Request, Told } from './protocol.ts';

/** What is used of a BroadcastChannel. */
export interface Channel {
  onmessage: ((event: MessageEvent<Passed>) => void) | null;
  postMessage(passed: Passed): void;
}

/** Between workers. `from` and `to` are names of workers. */
export type Passed =
  | { readonly kind: 'asked'; readonly from: string; readonly request: Request }
  | { readonly kind: 'answered'; readonly to: string; readonly answer: Answer }
  | { readonly kind: 'told'; readonly told: Told }
  /** Another worker has the vault now. */
  | { readonly kind: 'led'; readonly by: string };

/**
 * One worker among those of all tabs. Until it is said whether it leads, follows or has failed, it
 * keeps what its page asks for.
 */
export class Relay {
  readonly #channel: Channel;
  readonly #name: string;
  readonly #toPage: (answer: Answer) => void;
  readonly #early: Request[] = [];
  readonly #passedOn = new Map<number, Request>();
  #isFollowing = false;
  #failure: Failure | undefined;
  #lead: ((request: Request) => Promise<Answer>) | undefined;

  constructor(channel: Channel, name: string, toPage: (answer: Answer) => void) {
    this.#channel = channel;
    this.#name = name;
    this.#toPage = toPage;
    channel.onmessage = ({ data: passed }) => {
      this.#take(passed);
    };
  }

  /** A request of this worker's own page. */
  ask(request: Request): void {
    if (this.#lead !== undefined) {
      void this.#lead(request).then(this.#toPage);
    } else if (this.#failure !== undefined) {
      this.#toPage({ id: request.id, failure: this.#failure });
    } else if (this.#isFollowing) {
      this.#passedOn.set(request.id, request);
      this.#channel.postMessage({ kind: 'asked', from: this.#name, request });
    } else {
      this.#early.push(request);
    }
  }

  /** Another tab's worker has the vault. */
  follow(): void {
    this.#isFollowing = true;
    this.#askEarly();
  }

  /** This worker has the vault from now on. */
  lead(answer: (request: Request) => Promise<Answer>): void {
    this.#lead = answer;
    this.#channel.postMessage({ kind: 'led', by: this.#name });
    if (this.#isFollowing) {
      this.#refusePassedOn();
    }
    this.#askEarly();
  }

  /** This worker cannot have the vault; other tabs' pages are not its affair. */
  fail(failure: Failure): void {
    this.#failure = failure;
    const waiting = [...this.#passedOn.keys()];
    this.#passedOn.clear();
    for (const id of waiting) {
      this.#toPage({ id, failure });
    }
    this.#askEarly();
  }

  /** To this page and those of the other tabs. */
  tell(told: Told): void {
    this.#toPage({ told });
    this.#channel.postMessage({ kind: 'told', told });
  }

  #take(passed: Passed): void {
    switch (passed.kind) {
      case 'asked':
        void this.#answerOther(passed.from, passed.request);
        return;
      case 'answered':
        if (passed.to === this.#name && 'id' in passed.answer) {
          this.#answered(passed.answer);
        }
        return;
      case 'told':
        this.#toPage({ told: passed.told });
        return;
      case 'led':
        this.#refusePassedOn();
        return;
    }
  }

  /** What was refused meanwhile is not answered a second time. */
  #answered(answer: Extract<Answer, { readonly id: number }>): void {
    if (this.#passedOn.delete(answer.id)) {
      this.#toPage(answer);
    }
  }

  async #answerOther(from: string, request: Request): Promise<void> {
    const answer = await this.#lead?.(request);
    if (answer !== undefined) {
      this.#channel.postMessage({ kind: 'answered', to: from, answer });
    }
  }

  #askEarly(): void {
    for (const request of this.#early.splice(0)) {
      this.ask(request);
    }
  }

  #refusePassedOn(): void {
    const waiting = [...this.#passedOn.keys()];
    this.#passedOn.clear();
    for (const id of waiting) {
      this.#toPage({
        id,
        failure: {
          code: 'worker_gone',
          fault: 'operator',
          sentence: 'Another tab of Plausch was closed before it answered: look again.',
        },
      });
    }
    this.#toPage({ told: { what: 'moved' } });
  }
}
