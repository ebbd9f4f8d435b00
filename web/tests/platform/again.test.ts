import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { again } from '../../src/platform/again.ts';

class Part {
  readonly integrity: string;
  constructor(integrity = 'sha384-x') {
    this.integrity = integrity;
  }
}
class Script extends Part {}
class Link extends Part {}

/** What there is on a page before anything of the app. */
class Page {
  readonly heard = new Map<string, ((event: { target: unknown }) => void)[]>();
  readonly kept = new Map<string, string>();
  readonly shown: string[] = [];
  reloads = 0;
  language = 'en-GB';
  isOnline = true;
  readyState = 'complete';

  /** The page is there, anew each time. */
  open(): void {
    this.heard.clear();
    this.shown.length = 0;
    const element = (): object => ({
      style: {},
      setAttribute: vi.fn(),
      append: vi.fn(),
      addEventListener: vi.fn(),
    });
    vi.stubGlobal('HTMLScriptElement', Script);
    vi.stubGlobal('HTMLLinkElement', Link);
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => this.kept.get(key) ?? null,
      setItem: (key: string, text: string) => this.kept.set(key, text),
      removeItem: (key: string) => this.kept.delete(key),
    });
    vi.stubGlobal('location', { reload: () => (this.reloads += 1) });
    vi.stubGlobal('navigator', { language: this.language, onLine: this.isOnline });
    vi.stubGlobal('document', {
      readyState: this.readyState,
      createElement: element,
      body: { prepend: (one: { textContent: string }) => this.shown.push(one.textContent) },
    });
    vi.stubGlobal('addEventListener', (name: string, hear: () => void) => {
      this.heard.set(name, [...(this.heard.get(name) ?? []), hear]);
    });
    again();
  }

  happens(name: string, target?: unknown): void {
    for (const hear of this.heard.get(name) ?? []) {
      hear({ target });
    }
  }
}

let page: Page;

beforeEach(() => {
  vi.useFakeTimers();
  page = new Page();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a part that does not come', () => {
  it.each<[string, Part]>([
    ['a script', new Script()],
    ['a stylesheet', new Link()],
  ])('%s: the page is loaded again after a pause', (_, part) => {
    page.open();
    page.happens('error', part);
    expect(page.reloads).toBe(0);
    vi.runAllTimers();
    expect(page.reloads).toBe(1);
  });

  it.each<[string, unknown]>([
    ['an icon', new Link('')],
    ['a script of somebody else', new Script('')],
    ['a picture', {}],
    ['an error in the code', undefined],
  ])('%s: nothing happens', (_, part) => {
    page.open();
    page.happens('error', part);
    vi.runAllTimers();
    expect([page.reloads, page.shown.length]).toEqual([0, 0]);
  });

  it('is one, however many do not come', () => {
    page.open();
    page.happens('error', new Script());
    page.happens('error', new Script());
    vi.runAllTimers();
    expect(page.reloads).toBe(1);
  });

  it('is tried three times, then it is said, and the next network is waited for', () => {
    for (let round = 0; round < 4; round += 1) {
      page.open();
      page.happens('error', new Script());
      page.happens('load');
      vi.runAllTimers();
    }
    expect(page.reloads).toBe(3);
    expect(page.shown).toEqual([expect.stringContaining('could not be loaded')]);
    page.happens('online');
    expect(page.reloads).toBe(4);
  });

  it('is forgotten once everything came', () => {
    page.open();
    page.happens('error', new Script());
    page.open();
    page.happens('load');
    expect(page.kept.size).toBe(0);
  });

  it('is the app’s business later', () => {
    page.open();
    page.happens('load');
    page.happens('error', new Script());
    vi.runAllTimers();
    expect(page.reloads).toBe(0);
  });

  it('is said at once without a network, in the language of the browser', () => {
    Object.assign(page, { language: 'de-AT', isOnline: false });
    page.open();
    page.happens('error', new Script());
    expect(page.shown).toEqual([expect.stringContaining('konnte nicht ganz geladen werden')]);
    expect(page.reloads).toBe(0);
  });

  it('is said when there is a place for it', () => {
    Object.assign(page, { isOnline: false, readyState: 'loading' });
    page.open();
    page.happens('error', new Script());
    expect(page.shown).toEqual([]);
    page.happens('DOMContentLoaded');
    expect(page.shown.length).toBe(1);
  });

  it('is said at once where nothing may be kept: it might go on for ever', () => {
    page.open();
    vi.stubGlobal('sessionStorage', {
      getItem: () => {
        throw new Error('SecurityError');
      },
    });
    page.happens('error', new Script());
    vi.runAllTimers();
    expect([page.reloads, page.shown.length]).toEqual([0, 1]);
  });

  it('nothing needs to be kept where everything came', () => {
    page.open();
    vi.stubGlobal('sessionStorage', undefined);
    expect(() => {
      page.happens('load');
    }).not.toThrow();
  });
});
