/**
 * The business's agent, as the page asks it: answers are looked at before they are used, and the last
 * ones are kept, so that there is something to read while the agent is away.
 */

import { PlauschError } from '../base/errors.ts';
import type { AgentOperation, AgentParams, AgentResult } from '../sdk/protocol.ts';
import { isAnswer } from './agent_answers.ts';
import type { Messenger } from './messenger.ts';

/** The agent did not answer, or cannot be asked: not its refusal. */
const AWAY: ReadonlySet<string> = new Set(['agent_away', 'unreachable', 'timeout']);

/** Answers kept; each is one page's worth. */
const MOST_KEPT = 200;

export class Agent {
  readonly #messenger: Messenger;
  readonly #heard: (isThere: boolean) => void;
  readonly #kept = new Map<string, unknown>();

  /** `heard` is told after every attempt whether the agent was there. */
  constructor(messenger: Messenger, heard: (isThere: boolean) => void) {
    this.#messenger = messenger;
    this.#heard = heard;
  }

  /** Ask for one operation. Throws PlauschError: Refused by device or agent, or `bad_answer`. */
  async ask<K extends AgentOperation>(
    operation: K,
    params: AgentParams<K>,
  ): Promise<AgentResult<K>> {
    let answer: unknown;
    try {
      answer = await this.#messenger.ask('askAgent', { operation, params });
    } catch (error) {
      this.#heard(!(error instanceof PlauschError && AWAY.has(error.code)));
      throw error;
    }
    this.#heard(true);
    if (!isAnswer(operation, answer)) {
      throw new PlauschError('The agent answered something else than was asked: update both.', {
        code: 'bad_answer',
        fault: 'remote',
      });
    }
    this.#keep(keyOf(operation, params), answer);
    return answer;
  }

  /** What was answered to the same question last; undefined when it was never asked. */
  last<K extends AgentOperation>(operation: K, params: AgentParams<K>): AgentResult<K> | undefined {
    return this.#kept.get(keyOf(operation, params)) as AgentResult<K> | undefined;
  }

  #keep(key: string, answer: unknown): void {
    this.#kept.delete(key);
    this.#kept.set(key, answer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
  }
}

/** Whether this refusal means that the agent is not there. */
export function isAway(error: PlauschError): boolean {
  return AWAY.has(error.code);
}

function keyOf(operation: string, params: unknown): string {
  return `${operation} ${JSON.stringify(params)}`;
}
