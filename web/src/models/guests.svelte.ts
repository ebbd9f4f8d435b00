/** The guests of a business: found by name, one of them looked at closely. */

import type { CustomerView } from '../sdk/protocol.ts';
import type { PlanSide } from './plan.svelte.ts';
import { Later, type PageTimers } from './timing.ts';

const SEARCH_DELAY_MS = 180;
const PAGE = 50;

/** A file to keep: what one guest may ask for. */
export interface Exported {
  readonly name: string;
  readonly file: string;
  readonly mediaType: string;
}

export class Guests {
  query = $state('');
  list = $state.raw<readonly CustomerView[] | undefined>();
  hasMore = $state(false);
  /** The last attempt to read the list was refused. */
  isRefused = $state(false);
  open = $state.raw<CustomerView | undefined>();
  readonly #side: PlanSide;
  readonly #search: Later;
  #next = '';
  #asked = 0;

  constructor(side: PlanSide, timers: PageTimers) {
    this.#side = side;
    this.#search = new Later(timers, SEARCH_DELAY_MS, true, () => void this.load());
  }

  find(query: string): void {
    this.query = query;
    this.#search.cause();
  }

  /** The first page of what is looked for. */
  async load(): Promise<void> {
    await this.#read('');
  }

  async more(): Promise<void> {
    if (this.hasMore) {
      await this.#read(this.#next);
    }
  }

  async changed(): Promise<void> {
    if (this.list !== undefined) {
      await this.load();
      await this.show(this.open?.id ?? '');
    }
  }

  /** One guest; an empty id is none. */
  async show(id: string): Promise<void> {
    this.open = id === '' ? undefined : (this.list?.find((one) => one.id === id) ?? this.open);
    if (id !== '') {
      const { agent, attempt } = this.#side;
      this.#apply(await attempt(() => agent.ask('customers.get', { id })));
    }
  }

  async write(id: string, note: string): Promise<boolean> {
    const { agent, attempt } = this.#side;
    const changed = await attempt(() => agent.ask('customers.note', { id, note }));
    this.#apply(changed);
    return changed !== undefined;
  }

  /** Everything that is kept of a guest. */
  async export({ id, name }: CustomerView): Promise<Exported | undefined> {
    const { agent, attempt } = this.#side;
    const found = await attempt(() => agent.ask('customers.export', { id }));
    return found && { ...found, name: fileName(name, found.mediaType) };
  }

  /** Forget a guest for good: how many things were erased; undefined when nothing was. */
  async erase(id: string): Promise<number | undefined> {
    const { agent, attempt } = this.#side;
    const done = await attempt(() => agent.ask('customers.erase', { id }));
    if (done === undefined) {
      return undefined;
    }
    this.open = undefined;
    this.list = this.list?.filter((one) => one.id !== id);
    return Object.values(done.erased).reduce((sum, count) => sum + count, 0);
  }

  /** One record goes into another, which it is then; undefined when they stay two. */
  async merge(id: string, into: string): Promise<CustomerView | undefined> {
    const { agent, attempt } = this.#side;
    const one = await attempt(() => agent.ask('customers.merge', { id, into }));
    if (one !== undefined) {
      this.list = this.list?.filter((other) => other.id !== id);
      this.#apply(one);
    }
    return one;
  }

  async #read(after: string): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const { agent, attempt } = this.#side;
    const query = this.query.trim();
    const found = await attempt(() => agent.ask('customers.list', { query, limit: PAGE, after }));
    this.isRefused = found === undefined;
    if (found !== undefined && asked === this.#asked) {
      this.list = after === '' ? found.customers : [...(this.list ?? []), ...found.customers];
      this.#next = found.next;
      this.hasMore = found.next !== '';
    }
  }

  #apply(changed: CustomerView | undefined): void {
    if (changed !== undefined) {
      this.open = changed;
      this.list = this.list?.map((one) => (one.id === changed.id ? changed : one));
    }
  }
}

/** What a guest's file is called, wherever it is kept. */
export function fileName(name: string, mediaType: string): string {
  const plain = name.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');
  const ending = mediaType.includes('json') ? 'json' : mediaType.includes('csv') ? 'csv' : 'txt';
  return `${plain === '' ? 'guest' : plain.slice(0, 60)}.${ending}`;
}
