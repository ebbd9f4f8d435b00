/** What a person likes in this browser, for each of its accounts: language, colours, keys, emoji. */

import { type AccountSlot, FIRST_SLOT, keyIn } from '../base/account_slots.ts';
import { type Language } from '../words/plural.ts';
import { LANGUAGES, language, preferred, speak } from '../words/words.svelte.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** What is used here of the browser's localStorage; it may refuse everything. */
export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = 'plausch.preferences';
const MOST_RECENT = 24;
const FIRST_SIGNS = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

export class Preferences {
  theme = $state<Theme>('system');
  enterSends = $state(true);
  /** Emoji in the order of their last use. */
  recent = $state.raw<readonly string[]>([]);
  /** What the person wrote as their name, with its capitals; empty: nothing yet. */
  ownName = $state('');
  /** The person wants to be told of new messages. */
  notifies = $state(false);
  /** Notifications say who wrote what. */
  showsText = $state(true);
  /** A tone for what comes while the page is open. */
  sounds = $state(true);
  /** The question whether to notify was answered, or put off. */
  isHintClosed = $state(false);
  /** The question whether to make a recovery key was answered, or put off. */
  isRecoveryHintClosed = $state(false);
  readonly #shelf: Shelf | undefined;
  readonly #key: string;

  /** `wishes`: the browser's languages. `isTouch`: Enter begins a line, unless chosen otherwise. */
  constructor(
    shelf: Shelf | undefined,
    { wishes, isTouch }: { readonly wishes: readonly string[]; readonly isTouch: boolean },
    slot: AccountSlot = FIRST_SLOT,
  ) {
    this.#shelf = shelf;
    this.#key = keyIn(slot, KEY);
    const kept = this.#read();
    const chosen = LANGUAGES.find((one) => one === kept['language']);
    speak(chosen ?? preferred(wishes));
    this.theme = THEMES.find((one) => one === kept['theme']) ?? 'system';
    this.enterSends = typeof kept['enterSends'] === 'boolean' ? kept['enterSends'] : !isTouch;
    this.ownName = typeof kept['ownName'] === 'string' ? kept['ownName'] : '';
    this.recent = strings(kept['recent']).slice(0, MOST_RECENT);
    this.notifies = kept['notifies'] === true;
    this.showsText = kept['showsText'] !== false;
    this.sounds = kept['sounds'] !== false;
    this.isHintClosed = kept['isHintClosed'] === true;
    this.isRecoveryHintClosed = kept['isRecoveryHintClosed'] === true;
  }

  /** The six signs to react with at once: the person's own first. */
  get signs(): readonly string[] {
    return [...new Set([...this.recent.slice(0, 3), ...FIRST_SIGNS])].slice(0, 6);
  }

  setLanguage(chosen: Language): void {
    speak(chosen);
    this.#write();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.#write();
  }

  setEnterSends(enterSends: boolean): void {
    this.enterSends = enterSends;
    this.#write();
  }

  setOwnName(ownName: string): void {
    this.ownName = ownName;
    this.#write();
  }

  setNotifies(notifies: boolean): void {
    this.notifies = notifies;
    this.#write();
  }

  setShowsText(showsText: boolean): void {
    this.showsText = showsText;
    this.#write();
  }

  setSounds(sounds: boolean): void {
    this.sounds = sounds;
    this.#write();
  }

  closeRecoveryHint(): void {
    this.isRecoveryHintClosed = true;
    this.#write();
  }

  closeHint(): void {
    this.isHintClosed = true;
    this.#write();
  }

  /** The account is gone: what was the account's goes, how the app looks stays. */
  forget(): void {
    this.ownName = '';
    this.recent = [];
    this.notifies = this.isHintClosed = this.isRecoveryHintClosed = false;
    this.showsText = this.sounds = true;
    this.#write();
  }

  used(sign: string): void {
    this.recent = [sign, ...this.recent.filter((one) => one !== sign)].slice(0, MOST_RECENT);
    this.#write();
  }

  #read(): Readonly<Record<string, unknown>> {
    try {
      const kept: unknown = JSON.parse(this.#shelf?.getItem(this.#key) ?? '{}');
      return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
    } catch {
      return {};
    }
  }

  #write(): void {
    const { theme, enterSends, ownName, recent } = this;
    const { notifies, showsText, sounds, isHintClosed, isRecoveryHintClosed } = this;
    const notices = { notifies, showsText, sounds, isHintClosed, isRecoveryHintClosed };
    try {
      this.#shelf?.setItem(
        this.#key,
        JSON.stringify({ language: language(), theme, enterSends, ownName, recent, ...notices }),
      );
    } catch {
      // Private mode or no room: it holds until the page is closed.
    }
  }
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
