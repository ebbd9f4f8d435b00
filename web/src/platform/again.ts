/**
 * The first script of index.html, within it: when a part of the app does not come, the page is
 * loaded again. A telephone changes its network while somebody scans a code at a door; what was on
 * its way then is given up by the browser, and without this the page would stay white.
 *
 * It has to stand alone: nothing else of the app is there when it is needed. The build writes the
 * function into the page as text (web/build/seal.ts).
 */

/** Watch whether all parts come. */
export function again(): void {
  const key = 'plausch.again';
  const pausesMs = [300, 1000, 3000];
  let isWatching = true;

  const reload = location.reload.bind(location);
  const tried = (): number => {
    try {
      const count = Number(sessionStorage.getItem(key) ?? 0);
      sessionStorage.setItem(key, String(count + 1));
      return count;
    } catch {
      return pausesMs.length; // without a memory it might go on for ever
    }
  };
  const forget = (): void => {
    try {
      sessionStorage.removeItem(key);
    } catch {
      // Then nothing was kept, either.
    }
  };
  const say = (): void => {
    const isGerman = navigator.language.startsWith('de');
    const sentence = document.createElement('p');
    sentence.lang = isGerman ? 'de' : 'en';
    sentence.setAttribute('role', 'alert');
    sentence.style.cssText = 'margin: 0; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif';
    sentence.textContent = isGerman
      ? 'Plausch konnte nicht ganz geladen werden. Bitte prüfe die Verbindung zum Internet. '
      : 'Plausch could not be loaded completely. Please check your connection to the internet. ';
    const button = document.createElement('button');
    button.style.cssText =
      'display: block; margin-top: 1rem; padding: 0.6rem 1.2rem; border: 1px solid; ' +
      'border-radius: 0.6rem; background: none; color: inherit; font: inherit; font-weight: 600';
    button.textContent = isGerman ? 'Noch einmal' : 'Try again';
    button.addEventListener('click', reload);
    sentence.append(button);
    document.body.prepend(sentence);
  };
  const missing = (): void => {
    const pauseMs = pausesMs[tried()];
    if (pauseMs !== undefined && navigator.onLine) {
      setTimeout(reload, pauseMs);
      return;
    }
    addEventListener('online', reload);
    if (document.readyState === 'loading') {
      addEventListener('DOMContentLoaded', say);
    } else {
      say();
    }
  };

  const onError = ({ target }: Event): void => {
    const mayBePart = target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
    // Only the build's have it; a browser's extensions put scripts into pages, too.
    if (mayBePart && target.integrity !== '' && isWatching) {
      isWatching = false;
      missing();
    }
  };
  addEventListener('error', onError, true); // it does not bubble
  addEventListener('load', () => {
    if (isWatching) {
      isWatching = false; // what comes later is asked for by the app, which says so
      forget();
    }
  });
}
