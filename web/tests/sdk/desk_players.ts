/** A desk in one tab: what the page asks, and what it is told. */

import type { Answered, Asked, Operation, Told } from '../../src/sdk/protocol.ts';
import type { Answer, Failure } from '../../src/sdk/protocol.ts';
import { Desk } from '../../src/sdk/desk.ts';
import type { Platform } from '../../src/vault/vault.ts';
import { freshName, freshPlatform } from '../vault/vault_players.ts';
import { ManualClock } from './identities.ts';
import type { Office } from './office.ts';

const opened: Desk[] = [];

/** One tab's page and its desk. */
export class Page {
  readonly told: Told[] = [];
  desk!: Desk;

  private constructor(
    readonly office: Office,
    readonly platform: Platform,
    readonly vault: string,
  ) {}

  static async open(office: Office, like?: Page): Promise<Page> {
    const [platform, vault] = [like?.platform ?? freshPlatform(), like?.vault ?? freshName()];
    const page = new Page(office, platform, vault);
    const world = {
      outside: office.outside,
      clock: new ManualClock(),
      subtle: crypto.subtle,
      random: () => 0.5,
    };
    const where = { vault, serverUrl: 'https://localhost', wait: true };
    page.desk = await Desk.open(platform, world, where, (told) => page.told.push(told));
    opened.push(page.desk);
    return page;
  }

  /** The same browser after the tab was closed. */
  async again(): Promise<Page> {
    await this.close();
    return Page.open(this.office, this);
  }

  async close(): Promise<void> {
    opened.splice(opened.indexOf(this.desk), 1);
    await this.desk.close();
  }

  answer(operation: string, asked: unknown = {}): Promise<Answer> {
    return this.desk.answer({ id: 7, operation, asked } as Parameters<Desk['answer']>[0]);
  }

  async ask<K extends Operation>(operation: K, asked: Asked<K>): Promise<Answered<K>> {
    const answer = await this.answer(operation, asked);
    if ('value' in answer) {
      return answer.value as Answered<K>;
    }
    throw new Error(JSON.stringify(answer));
  }

  /** How an operation fails. */
  async failure(operation: string, asked: unknown = {}): Promise<Failure> {
    const answer = await this.answer(operation, asked);
    if ('failure' in answer) {
      return answer.failure;
    }
    throw new Error(`${operation} did not fail.`);
  }

  /** What was told of one sort, the newest last. */
  heard<W extends Told['what']>(what: W): Extract<Told, { readonly what: W }>[] {
    return this.told.filter(
      (told): told is Extract<Told, { readonly what: W }> => told.what === what,
    );
  }

  async texts(conversation: string): Promise<string[]> {
    const asked = { conversation, stretch: { from: 'end' }, limit: 100 } as const;
    const { messages } = await this.ask('messages', asked);
    return messages.filter(({ kind }) => kind !== 'event').map(({ text }) => text);
  }
}

/** Closes what a test has left open. */
export async function closeDesks(): Promise<void> {
  await Promise.all(opened.splice(0).map((desk) => desk.close()));
}
