/** What a screen reader says of what happens: one sentence at a time, many at once as a number. */

import type { MessageView } from '../sdk/protocol.ts';
import { plain } from '../words/sentences.ts';
import { words } from '../words/words.svelte.ts';
import { Later, type PageTimers } from './timing.ts';

const GATHER_MS = 700;
/** More than so many at once are told as a number. */
const MOST_READ_OUT = 2;

/** Of a message. */
const MOST_CHARACTERS = 300;

export class Announcer {
  sentence = $state('');
  readonly #gathered: string[] = [];
  readonly #later: Later;

  constructor(timers: PageTimers) {
    this.#later = new Later(timers, GATHER_MS, false, () => {
      this.#say();
    });
  }

  /** A message came, in the open conversation or elsewhere. */
  arrived(message: MessageView, name: string, isOpen: boolean): void {
    const { live } = words();
    const written = message.text.slice(0, MOST_CHARACTERS);
    const text = !isOpen ? '' : message.isMarkdown ? plain(written) : written;
    this.say(text === '' ? live.elsewhere(name) : live.message(name, text));
  }

  say(sentence: string): void {
    this.#gathered.push(sentence);
    this.#later.cause();
  }

  #say(): void {
    const gathered = this.#gathered.splice(0);
    this.sentence =
      gathered.length <= MOST_READ_OUT ? gathered.join(' ') : words().live.several(gathered.length);
  }
}
