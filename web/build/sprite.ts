/**
 * The icons, as symbols at the end of the page: no request, no flash, nothing that the content
 * security policy forbids. An icon is shown by `<use href="#icon-NAME">`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Plugin } from 'vite';

/** Inlines the `names` of lucide-static in `folder` into every page that is built or served. */
export function sprite(names: readonly string[], folder: string): Plugin {
  return {
    name: 'plausch-sprite',
    transformIndexHtml(html) {
      return html.replace('</body>', `${spriteOf(names, folder)}</body>`);
    },
  };
}

/** One hidden SVG with a symbol for each name. */
export function spriteOf(names: readonly string[], folder: string): string {
  const symbols = names.map((name) => {
    const svg = readFileSync(join(folder, `${name}.svg`), 'utf8');
    return `<symbol id="icon-${name}" viewBox="0 0 24 24">${shapesOf(svg)}</symbol>`;
  });
  return `<svg class="sprite" aria-hidden="true">${symbols.join('')}</svg>`;
}

/** What is drawn, without the file's licence line, root element and white space. */
export function shapesOf(svg: string): string {
  const inside = /<svg\b[^>]*>([\s\S]*)<\/svg>/.exec(svg)?.[1] ?? '';
  return inside.replace(/\s*\n\s*/g, '').trim();
}
