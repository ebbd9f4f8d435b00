/**
 * The business's public profile while it is written: kept as it is typed, checked by the device with
 * the rules by which it is signed, and published.
 */

import type {
  HoursView,
  ImprintView,
  OwnProfileView,
  ProfileDraft,
  ProfileProblemView,
  PublicPictureView,
  PublishedView,
} from '../sdk/protocol.ts';
import type { PlauschError } from '../base/errors.ts';
import { attempt } from './attempt.ts';
import { HoursTyping } from './hours_typing.svelte.ts';
import type { Messenger } from './messenger.ts';
import { blankProfile, isSame, tidied } from './profile_written.ts';
import { Later, type PageTimers } from './timing.ts';

const SETTLE_MS = 400;
const HOURS: ReadonlySet<string> = new Set([
  'hours',
  'special_days',
  'holidays.state',
  'time_zone',
]);

/** What is used here of the app. */
export interface ProfileSide {
  readonly messenger: Messenger;
  readonly timers: PageTimers;
  attempt<T>(action: () => Promise<T>): Promise<T | undefined>;
}

/** What a new profile begins with. */
export interface Beginning {
  readonly name: string;
  readonly spoken: string;
  readonly zone: string;
  /** As in 2026-12-24. */
  readonly today: string;
}

export class ProfileForm {
  draft = $state.raw<ProfileDraft>(blankProfile('', 'de', 'UTC'));
  published = $state.raw<PublishedView | undefined>();
  canPublish = $state(false);
  /** Whether something is public is not known without the server. */
  isUnknown = $state(false);
  stage = $state<'loading' | 'failed' | 'ready'>('loading');
  failure = $state.raw<PlauschError | undefined>();
  isPublishing = $state(false);
  isAddingPicture = $state(false);
  /** Where pictures are shown from that were chosen here, by digest: whoever sets it clears away. */
  chosen = $state.raw<Readonly<Record<string, string>>>({});
  /** Also what is only missing is said at its field: somebody has tried to publish. */
  isStrict = $state(false);
  problems = $state.raw<readonly ProfileProblemView[]>([]);
  readonly hours: HoursTyping;
  readonly tidy: ProfileDraft = $derived(tidied(this.draft));
  readonly isChanged = $derived(
    this.published === undefined || !isSame(this.tidy, this.published.profile),
  );
  readonly #side: ProfileSide;
  readonly #beginning: Beginning;
  readonly #settle: Later;
  #asked = 0;

  constructor(side: ProfileSide, beginning: Beginning) {
    this.#side = side;
    this.#beginning = beginning;
    this.#settle = new Later(side.timers, SETTLE_MS, true, () => void this.#settled());
    this.hours = new HoursTyping(this.draft.hours, beginning.today, () => {
      const { hours } = this.hours;
      if (hours !== undefined) {
        this.change({ hours });
      }
    });
  }

  /** What keeps it from going public that is not only missing. */
  get wrong(): number {
    return this.#count((one) => !isGap(one)) + this.hours.mistakes.size;
  }

  get lacking(): number {
    return this.#count(isGap);
  }

  /** Read what is public, and what was written. */
  async begin(): Promise<void> {
    this.stage = 'loading';
    const own = await attempt(
      () => this.#side.messenger.ask('ownProfile', {}),
      (refusal) => {
        this.failure = refusal;
        this.stage = 'failed';
      },
    );
    if (own !== undefined) {
      this.#become(own);
      this.stage = 'ready';
      await this.#check();
    }
  }

  /** Nobody looks any more: keep what was typed a moment ago. */
  end(): void {
    this.#settle.flush();
  }

  change(fields: Partial<ProfileDraft>): void {
    this.draft = { ...this.draft, ...fields };
    this.#settle.cause();
  }

  changeImprint(fields: Partial<ImprintView>): void {
    this.change({ imprint: { ...this.draft.imprint, ...fields } });
  }

  /** The hours that the house keeps. */
  takeHours(hours: HoursView): void {
    this.hours.begin(hours);
    this.change({ hours });
  }

  /** The business is where its owner is. */
  takeFromAbove(): void {
    const { address, email, telephone } = this.draft;
    this.changeImprint({ address, email, telephone });
  }

  /** A language that is spoken, or not any more. */
  speak(tag: string, isSpoken: boolean): void {
    const others = this.draft.spoken.filter((one) => one !== tag);
    this.change({ spoken: isSpoken ? [...others, tag] : others });
  }

  changeLink(at: number, fields: Partial<ProfileDraft['links'][number]>): void {
    const links = this.draft.links.map((link, index) =>
      index === at ? { ...link, ...fields } : link,
    );
    this.change({ links });
  }

  addLink(): void {
    this.change({ links: [...this.draft.links, { label: '', url: '' }] });
  }

  dropLink(at: number): void {
    this.change({ links: this.draft.links.filter((_, index) => index !== at) });
  }

  /** Upload a picture that was made ready by `made`. */
  async addPicture(made: () => Promise<Blob>): Promise<PublicPictureView | undefined> {
    this.isAddingPicture = true;
    const { messenger } = this.#side;
    const picture = await this.#side.attempt(async () =>
      messenger.ask('addPublicPicture', { file: await made() }),
    );
    this.isAddingPicture = false;
    if (picture !== undefined) {
      this.change({ pictures: [...this.draft.pictures, picture] });
    }
    return picture;
  }

  describePicture(at: number, text: string): void {
    const pictures = this.draft.pictures.map((one, index) =>
      index === at ? { ...one, text } : one,
    );
    this.change({ pictures });
  }

  dropPicture(at: number): void {
    this.change({ pictures: this.draft.pictures.filter((_, index) => index !== at) });
  }

  /** What is wrong in a field; what is only missing not before somebody has tried to publish. */
  problemIn(field: string, at?: number): ProfileProblemView | undefined {
    const found = this.problems.filter((one) => one.field === field && one.at === at);
    return found.find((one) => this.isStrict || !isGap(one));
  }

  /** What is wrong with the hours; a single time is said to be wrong where it is typed. */
  get hoursProblems(): readonly ProfileProblemView[] {
    return this.problems.filter(({ field }) => HOURS.has(field));
  }

  /** True when everybody sees it now. */
  async publish(): Promise<boolean> {
    this.#settle.cancel();
    this.isStrict = true;
    await this.#check();
    if (this.problems.length > 0 || this.hours.mistakes.size > 0) {
      await this.#keep();
      return false;
    }
    this.isPublishing = true;
    const sent = this.draft;
    const { messenger } = this.#side;
    const published = await this.#side.attempt(() =>
      messenger.ask('publishProfile', { profile: this.tidy }),
    );
    this.isPublishing = false;
    if (published === undefined) {
      await this.#keep();
      return false;
    }
    if (this.draft === sent) {
      this.#become({ published, canPublish: true, isUnknown: false });
    } else {
      this.published = published; // what was typed meanwhile goes on as a draft
      this.isUnknown = false;
      await this.#keep();
    }
    return true;
  }

  /** True when nothing is public any more; what was written stays. */
  async withdraw(): Promise<boolean> {
    this.#settle.flush();
    const { messenger } = this.#side;
    const isDone = await this.#side.attempt(async () => {
      await messenger.ask('withdrawProfile', {});
      return true;
    });
    if (isDone === true) {
      this.published = undefined;
    }
    return isDone === true;
  }

  /** As it is public. */
  async revert(): Promise<void> {
    const { published } = this;
    if (published !== undefined) {
      this.#settle.cancel();
      this.#become({ published, canPublish: true, isUnknown: this.isUnknown });
      await this.#side.attempt(() => this.#side.messenger.ask('keepProfileDraft', {}));
      await this.#check();
    }
  }

  #become({ canPublish, draft, isUnknown, published }: OwnProfileView): void {
    const { name, spoken, zone } = this.#beginning;
    this.canPublish = canPublish;
    this.isUnknown = isUnknown;
    this.published = published;
    this.draft = draft ?? published?.profile ?? blankProfile(name, spoken, zone);
    this.isStrict = false;
    this.hours.begin(this.draft.hours);
  }

  async #settled(): Promise<void> {
    await Promise.all([this.#keep(), this.#check()]);
  }

  async #keep(): Promise<void> {
    const { messenger } = this.#side;
    await this.#side.attempt(() => messenger.ask('keepProfileDraft', { profile: this.draft }));
  }

  async #check(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const { messenger } = this.#side;
    const problems = await this.#side.attempt(() =>
      messenger.ask('checkProfile', { profile: this.tidy }),
    );
    if (asked === this.#asked) {
      this.problems = problems ?? this.problems;
    }
  }

  #count(which: (one: ProfileProblemView) => boolean): number {
    return new Set(
      this.problems.filter(which).map(({ at = '', field }) => `${field} ${at.toString()}`),
    ).size;
  }
}

/** Whether something is only not there yet. */
function isGap({ why }: ProfileProblemView): boolean {
  return why === 'missing' || why === 'lacking';
}
