/** Tables, people or rooms while they are edited: who fits where, and what may be pushed together. */

import type { BusinessView, CombinationView, ResourceKind, ResourceView } from '../sdk/protocol.ts';
import { newKey } from './hours.ts';
import type { PlanSide } from './plan.svelte.ts';
import { FIRST_KINDS } from './resource_kind.ts';

export const KINDS: readonly ResourceKind[] = ['table', 'person', 'room', 'chair'];
export const MOST_SEATS = 200;
const LONGEST_NAME = 40;

export interface TypedResource extends ResourceView {
  readonly key: number;
}

/** `members`: keys of resources, so that a new name is the same resource. */
export interface TypedCombination {
  readonly key: number;
  readonly members: readonly number[];
  readonly minParty: number;
  readonly maxParty: number;
}

export type TableMistake = 'name' | 'long' | 'twice' | 'seats' | 'order' | 'few' | 'same';

export class TablesEditor {
  resources = $state.raw<readonly TypedResource[]>([]);
  combinations = $state.raw<readonly TypedCombination[]>([]);
  isSaving = $state(false);
  readonly mistakes = $derived.by(() => mistakesOf(this.resources, this.combinations));
  readonly #side: PlanSide;
  readonly #firstKind: ResourceKind;
  #saved = $state('');

  constructor(side: PlanSide, business: BusinessView) {
    this.#side = side;
    this.#firstKind = FIRST_KINDS[business.kind];
    this.#begin(business);
  }

  get isChanged(): boolean {
    return JSON.stringify(this.#asTaken()) !== this.#saved;
  }

  /** Areas in use, for a new table in one of them. */
  get areas(): readonly string[] {
    return [...new Set(this.resources.map(({ area }) => area))].filter((area) => area !== '');
  }

  /** Seats in all. */
  get seats(): number {
    return this.resources.reduce((sum, { maxParty }) => sum + maxParty, 0);
  }

  /** One more, like the last one. */
  add(): void {
    const last = this.resources.at(-1);
    const added: TypedResource = {
      key: newKey(),
      identifier: nextName(this.resources),
      kind: last?.kind ?? this.#firstKind,
      minParty: last?.minParty ?? 1,
      maxParty: last?.maxParty ?? 2,
      area: last?.area ?? '',
      priority: last?.priority ?? 0,
    };
    this.resources = [...this.resources, added];
  }

  change(key: number, fields: Partial<ResourceView>): void {
    this.resources = this.resources.map((one) => (one.key === key ? { ...one, ...fields } : one));
  }

  /** What it was pushed together with goes too, if one is left alone. */
  drop(key: number): void {
    this.resources = this.resources.filter((one) => one.key !== key);
    this.combinations = this.combinations
      .map((one) => ({ ...one, members: one.members.filter((member) => member !== key) }))
      .filter(({ members }) => members.length > 1);
  }

  combine(members: readonly number[]): void {
    const together = this.resources.filter(({ key }) => members.includes(key));
    const maxParty = together.reduce((sum, one) => sum + one.maxParty, 0);
    const largest = Math.max(0, ...together.map((one) => one.maxParty));
    const minParty = Math.min(largest + 1, Math.max(1, maxParty));
    this.combinations = [...this.combinations, { key: newKey(), members, minParty, maxParty }];
  }

  changeCombination(key: number, fields: Partial<Omit<TypedCombination, 'key'>>): void {
    this.combinations = this.combinations.map((one) =>
      one.key === key ? { ...one, ...fields } : one,
    );
  }

  separate(key: number): void {
    this.combinations = this.combinations.filter((one) => one.key !== key);
  }

  /** The business as it is then; undefined when something is wrong or it was refused. */
  async save(): Promise<BusinessView | undefined> {
    if (this.mistakes.size > 0) {
      return undefined;
    }
    this.isSaving = true;
    const { agent, attempt } = this.#side;
    const saved = await attempt(() => agent.ask('business.setTables', this.#asTaken()));
    this.isSaving = false;
    if (saved !== undefined) {
      this.#begin(saved);
    }
    return saved;
  }

  #begin({ resources, combinations }: BusinessView): void {
    this.resources = resources.map((one) => ({ ...one, key: newKey() }));
    const keyOf = new Map(this.resources.map(({ identifier, key }) => [identifier, key]));
    this.combinations = combinations.map(({ resources: named, minParty, maxParty }) => ({
      key: newKey(),
      members: named.flatMap((one) => keyOf.get(one) ?? []),
      minParty,
      maxParty,
    }));
    this.#saved = JSON.stringify(this.#asTaken());
  }

  #asTaken(): {
    readonly resources: readonly ResourceView[];
    readonly combinations: readonly CombinationView[];
  } {
    const nameOf = new Map(this.resources.map(({ key, identifier }) => [key, identifier.trim()]));
    return {
      resources: this.resources.map(({ identifier, kind, minParty, maxParty, area, priority }) => ({
        identifier: identifier.trim(),
        kind,
        minParty,
        maxParty,
        area: area.trim(),
        priority,
      })),
      combinations: this.combinations.map(({ members, minParty, maxParty }) => ({
        resources: members.flatMap((key) => nameOf.get(key) ?? []),
        minParty,
        maxParty,
      })),
    };
  }
}

function mistakesOf(
  resources: readonly TypedResource[],
  combinations: readonly TypedCombination[],
): ReadonlyMap<number, TableMistake> {
  const mistakes = new Map<number, TableMistake>();
  const names = new Set<string>();
  for (const { key, identifier, minParty, maxParty } of resources) {
    const name = identifier.trim();
    const wrong =
      name === ''
        ? 'name'
        : name.length > LONGEST_NAME
          ? 'long'
          : names.has(name)
            ? 'twice'
            : seatMistake(minParty, maxParty);
    names.add(name);
    if (wrong !== undefined) {
      mistakes.set(key, wrong);
    }
  }
  const together = new Set<string>();
  for (const { key, members, minParty, maxParty } of combinations) {
    const same = [...members].sort((one, other) => one - other).join(' ');
    const wrong =
      members.length < 2 ? 'few' : together.has(same) ? 'same' : seatMistake(minParty, maxParty);
    together.add(same);
    if (wrong !== undefined) {
      mistakes.set(key, wrong);
    }
  }
  return mistakes;
}

function seatMistake(minParty: number, maxParty: number): TableMistake | undefined {
  const isSize = (size: number): boolean =>
    Number.isSafeInteger(size) && size >= 1 && size <= MOST_SEATS;
  if (!isSize(minParty) || !isSize(maxParty)) {
    return 'seats';
  }
  return minParty > maxParty ? 'order' : undefined;
}

/** The last name with its number counted up, else the next number. */
function nextName(resources: readonly ResourceView[]): string {
  const taken = new Set(resources.map(({ identifier }) => identifier));
  const [, word = '', digits = ''] = /^(.*?)(\d*)$/.exec(resources.at(-1)?.identifier ?? '') ?? [];
  for (let number = Number(digits) + 1; ; number += 1) {
    const name = digits === '' && word !== '' ? `${word} ${number + 1}` : `${word}${number}`;
    if (!taken.has(name)) {
      return name;
    }
  }
}
