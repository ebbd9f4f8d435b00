/** Gives the focus to a line of a long list, which the list may have to draw and measure first. */

const MOST_FRAMES = 30;

/** Tries with each picture until `find` gives an element that takes the focus. */
export function focusSoon(find: () => HTMLElement | null | undefined, frames = MOST_FRAMES): void {
  const element = find();
  element?.focus({ preventScroll: true });
  const isDone = element !== null && element !== undefined && document.activeElement === element;
  if (!isDone && frames > 0) {
    requestAnimationFrame(() => {
      focusSoon(find, frames - 1);
    });
  }
}
