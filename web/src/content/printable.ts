/** What counts as one line of visible characters, as Python's `str.isprintable` has it. */

/** Controls, formats (joiners and bidirectional controls too), surrogates, private, unassigned. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** Whether every character has a shape of its own or is the plain space. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** How many characters (Unicode code points) the text has. */
export function lengthOf(text: string): number {
  let surplus = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.codePointAt(at) ?? 0) > 0xffff) {
      surplus += 1;
    }
  }
  return text.length - surplus;
}
