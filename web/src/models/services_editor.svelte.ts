/**
 * What can be booked while it is edited: its name, how long parties stay, the time around them, who
 * does it, and its rules. What the agent would refuse is a mistake here, as it is typed.
 */

import { isPrintable, lengthOf } from '../content/printable.ts';
import type { BusinessView, ServiceView } from '../sdk/protocol.ts';
import { newKey } from './hours.ts';
import type { PlanSide } from './plan.svelte.ts';

const LONGEST_NAME = 80;
const LONGEST_IDENTIFIER = 36;

/** The numbers of a service, from the lowest to the highest that the agent takes. */
export const RANGES = {
  slotIntervalMinutes: [5, 240],
  bufferBeforeMinutes: [0, 240],
  bufferAfterMinutes: [0, 240],
  minNoticeMinutes: [0, 43_200],
  cancelUntilMinutes: [0, 43_200],
  bookingWindowDays: [1, 730],
  maxParty: [0, 200],
  holdMinutes: [1, 1_440],
  offerMinutes: [1, 1_440],
  reminderMinutes: [0, 20_160],
} as const;
export type NumberField = keyof typeof RANGES;
export const PACING_RANGES = { slotMinutes: [5, 1_440], maxCovers: [1, 100_000] } as const;
export type PacingField = keyof typeof PACING_RANGES;
export const TURN_RANGES = { partyMax: [1, 1000], minutes: [15, 480] } as const;
export const MOST_SERVICES = 50;
/** Of one service, which are named one by one. */
const MOST_RESOURCES = 40;

export interface TypedTurn {
  readonly key: number;
  readonly partyMax: number;
  readonly minutes: number;
}

/** `identifier`: empty until a new one is saved. `servesAll`: whatever there is serves it. */
export interface TypedService extends Omit<ServiceView, 'turnTimes'> {
  readonly key: number;
  readonly turns: readonly TypedTurn[];
  readonly servesAll: boolean;
}

export type ServiceField =
  NumberField | PacingField | 'name' | 'resources' | 'whole' | `turn ${number}`;

/** `number`: not a whole one from `low` to `high`; `seats`, `pacing`, `stay`: nobody could book it. */
export type ServiceMistake =
  | {
      readonly why:
        | 'name'
        | 'long'
        | 'line'
        | 'twice'
        | 'nobody'
        | 'many'
        | 'order'
        | 'seats'
        | 'pacing'
        | 'stay';
    }
  | { readonly why: 'number'; readonly low: number; readonly high: number };

export class ServicesEditor {
  services = $state.raw<readonly TypedService[]>([]);
  isSaving = $state(false);
  readonly mistakes = $derived.by(() => this.#mistakes());
  readonly #side: PlanSide;
  readonly #business: BusinessView;
  #saved = $state('');

  constructor(side: PlanSide, business: BusinessView) {
    this.#side = side;
    this.#business = business;
    this.#begin(business);
  }

  get isChanged(): boolean {
    return JSON.stringify(this.#asTaken()) !== this.#saved;
  }

  mistakeIn(key: number, field: ServiceField): ServiceMistake | undefined {
    return this.mistakes.get(`${key} ${field}`);
  }

  /** One more, by the rules of the last one. */
  add(): void {
    const last = this.services.at(-1);
    if (last !== undefined && this.services.length < MOST_SERVICES) {
      const turns = last.turns.map((turn) => ({ ...turn, key: newKey() }));
      this.services = [
        ...this.services,
        { ...last, key: newKey(), identifier: '', name: '', turns },
      ];
    }
  }

  change(key: number, fields: Partial<Omit<TypedService, 'key' | 'identifier' | 'turns'>>): void {
    this.services = this.services.map((one) => (one.key === key ? { ...one, ...fields } : one));
  }

  /** Whether only so many may begin within a stretch of time; at first as many as the largest party. */
  pace(key: number, isPaced: boolean): void {
    const service = this.services.find((one) => one.key === key);
    if (service !== undefined) {
      const maxCovers = Math.max(1, largestParty(service, this.#business));
      this.change(key, { pacing: isPaced ? { slotMinutes: 30, maxCovers } : null });
    }
  }

  changePacing(key: number, field: PacingField, value: number): void {
    const pacing = this.services.find((one) => one.key === key)?.pacing;
    if (pacing) {
      this.change(key, { pacing: { ...pacing, [field]: value } });
    }
  }

  /** Whether this person, room or table does it. */
  serve(key: number, resource: string, does: boolean): void {
    const service = this.services.find((one) => one.key === key);
    const others = service?.resources.filter((one) => one !== resource) ?? [];
    const wanted = new Set(does ? [...others, resource] : others);
    const resources = this.#business.resources.map(({ identifier }) => identifier);
    this.change(key, { resources: resources.filter((one) => wanted.has(one)) });
  }

  changeTurn(key: number, turn: number, fields: Partial<Omit<TypedTurn, 'key'>>): void {
    this.#setTurns(key, (turns) =>
      turns.map((one) => (one.key === turn ? { ...one, ...fields } : one)),
    );
  }

  /** Whether more than one may come at a time: only then may larger parties stay otherwise. */
  takesGroups(service: TypedService): boolean {
    return service.turns.length > 1 || largestParty(service, this.#business) > 1;
  }

  /** Larger parties than so far stay otherwise. */
  addTurn(key: number): void {
    this.#setTurns(key, (turns) => {
      const last = turns.at(-1);
      const added = { partyMax: (last?.partyMax ?? 0) + 2, minutes: last?.minutes ?? 60 };
      return [...turns, { key: newKey(), ...added }];
    });
  }

  dropTurn(key: number, turn: number): void {
    this.#setTurns(key, (turns) => turns.filter((one) => one.key !== turn));
  }

  /** A business has something that can be booked: the last one stays. */
  drop(key: number): void {
    if (this.services.length > 1) {
      this.services = this.services.filter((one) => one.key !== key);
    }
  }

  /** The business as it is then; undefined when something is wrong or it was refused. */
  async save(): Promise<BusinessView | undefined> {
    if (this.mistakes.size > 0) {
      return undefined;
    }
    this.isSaving = true;
    const { agent, attempt } = this.#side;
    const services = this.#asTaken();
    const saved = await attempt(() => agent.ask('business.setServices', { services }));
    this.isSaving = false;
    if (saved !== undefined) {
      this.#begin(saved);
    }
    return saved;
  }

  #begin({ services }: BusinessView): void {
    this.services = services.map(({ turnTimes, ...rest }) => ({
      ...rest,
      key: newKey(),
      turns: turnTimes.map((turn) => ({ ...turn, key: newKey() })),
      servesAll: rest.resources.length === 0,
    }));
    this.#saved = JSON.stringify(this.#asTaken());
  }

  #setTurns(key: number, step: (turns: readonly TypedTurn[]) => readonly TypedTurn[]): void {
    this.services = this.services.map((one) =>
      one.key === key ? { ...one, turns: step(one.turns) } : one,
    );
  }

  #asTaken(): readonly ServiceView[] {
    const taken = new Set(this.services.map(({ identifier }) => identifier));
    return this.services.map((service) => {
      const { turns, servesAll } = service;
      const name = service.name.trim();
      const identifier = service.identifier || identifierFor(name, taken);
      taken.add(identifier);
      return {
        ...{ identifier, name },
        slotIntervalMinutes: service.slotIntervalMinutes,
        turnTimes: turns.map(({ partyMax, minutes }) => ({ partyMax, minutes })),
        bufferBeforeMinutes: service.bufferBeforeMinutes,
        bufferAfterMinutes: service.bufferAfterMinutes,
        minNoticeMinutes: service.minNoticeMinutes,
        bookingWindowDays: service.bookingWindowDays,
        cancelUntilMinutes: service.cancelUntilMinutes,
        holdMinutes: service.holdMinutes,
        pacing: service.pacing,
        confirmationMode: service.confirmationMode,
        resources: servesAll ? [] : service.resources,
        maxParty: service.maxParty,
        offerMinutes: service.offerMinutes,
        reminderMinutes: service.reminderMinutes,
      };
    });
  }

  #mistakes(): ReadonlyMap<string, ServiceMistake> {
    const names = this.services.map(({ name }) => name.trim());
    const found = this.services.flatMap((service, at) => {
      const isTwice = names.indexOf(names[at] ?? '') < at;
      const own = [...nameMistakes(service, isTwice, names.length > 1), ...numberMistakes(service)];
      const whole = own.length === 0 ? wholeMistakes(service, this.#business) : [];
      return [...own, ...whole].map(
        ([field, mistake]) => [`${service.key} ${field}`, mistake] as const,
      );
    });
    return new Map(found);
  }
}

type Found = readonly (readonly [field: ServiceField, mistake: ServiceMistake])[];

function nameMistakes({ name, ...rest }: TypedService, isTwice: boolean, isNeeded: boolean): Found {
  const typed = name.trim();
  const why =
    typed === ''
      ? isNeeded
        ? 'name'
        : undefined
      : lengthOf(typed) > LONGEST_NAME
        ? 'long'
        : !isPrintable(typed)
          ? 'line'
          : isTwice
            ? 'twice'
            : undefined;
  const whose = rest.servesAll
    ? undefined
    : rest.resources.length === 0
      ? 'nobody'
      : rest.resources.length > MOST_RESOURCES
        ? 'many'
        : undefined;
  return [
    ...(why === undefined ? [] : [['name', { why }] as const]),
    ...(whose === undefined ? [] : [['resources', { why: whose }] as const]),
  ];
}

function numberMistakes(service: TypedService): Found {
  const fields = Object.keys(RANGES) as NumberField[];
  const outside = (value: number, [low, high]: readonly [number, number]): Found[number][1][] =>
    Number.isSafeInteger(value) && value >= low && value <= high
      ? []
      : [{ why: 'number', low, high }];
  const { pacing, turns } = service;
  const paces = pacing === null ? [] : (Object.keys(PACING_RANGES) as PacingField[]);
  return [
    ...fields.flatMap((field) =>
      outside(service[field], RANGES[field]).map((mistake) => [field, mistake] as const),
    ),
    ...paces.flatMap((field) =>
      outside(pacing?.[field] ?? NaN, PACING_RANGES[field]).map(
        (mistake) => [field, mistake] as const,
      ),
    ),
    ...turns.flatMap(({ key, partyMax, minutes }, at) => {
      const isBelow = at > 0 && partyMax <= (turns[at - 1]?.partyMax ?? 0);
      const [wrong] = [
        ...outside(minutes, TURN_RANGES.minutes),
        ...outside(partyMax, TURN_RANGES.partyMax),
        ...(isBelow ? [{ why: 'order' } as const] : []),
      ];
      return wrong === undefined ? [] : [[`turn ${key}`, wrong] as const];
    }),
  ];
}

/** What speaks against settings that are right one by one: nobody could ever book. */
function wholeMistakes(service: TypedService, business: BusinessView): Found {
  const { hours } = business;
  const spans = [...hours.weekly, ...hours.specialDays.map((day) => day.spans)].flat();
  const longest = Math.max(...spans.map((one) => one.closesMinute - one.opensMinute));
  const largest = largestParty(service, business);
  const why =
    largest === 0
      ? 'seats'
      : service.pacing !== null && service.pacing.maxCovers < largest
        ? 'pacing'
        : Math.min(...service.turns.map(({ minutes }) => minutes)) > longest
          ? 'stay'
          : undefined;
  return why === undefined ? [] : [['whole', { why }]];
}

/** The largest party that this service takes anywhere; 0: none. */
function largestParty(
  { maxParty, servesAll, resources }: TypedService,
  business: BusinessView,
): number {
  const most = maxParty === 0 ? Infinity : maxParty;
  const serves = (one: string): boolean => servesAll || resources.includes(one);
  const fitting = [
    ...business.resources.filter(({ identifier }) => serves(identifier)),
    ...business.combinations.filter((together) => together.resources.every(serves)),
  ].filter(({ minParty }) => minParty <= most);
  return Math.max(0, ...fitting.map((one) => Math.min(one.maxParty, most)));
}

/** What programs call a service that is called so. */
function identifierFor(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, LONGEST_IDENTIFIER);
  const first = plain === '' ? 'service' : plain;
  for (let number = 1; ; number += 1) {
    const identifier = number === 1 ? first : `${first}-${number}`;
    if (!taken.has(identifier)) {
      return identifier;
    }
  }
}
