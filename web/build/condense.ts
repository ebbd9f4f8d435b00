/**
 * The first half of minifying: constants are folded and what is called once is inlined. Vite's own
 * minifier renames and prints afterwards; either alone leaves the compressed core 2% larger.
 *
 * Only transformations that are safe for any program; names stay, so that the second half sees
 * them all. A worker's bundle has plugins of its own: `worker.plugins` needs this one, too.
 */
import { minify } from 'terser';
import { type Plugin } from 'vite';

/** The Vite plugin. */
export function condensed(): Plugin {
  return {
    name: 'plausch-condense',
    async renderChunk(code) {
      const { code: condensed, map } = await minify(code, {
        module: true,
        ecma: 2020,
        compress: { passes: 2 },
        mangle: false,
        sourceMap: true,
      });
      return condensed === undefined ? null : { code: condensed, map: map as string };
    },
  };
}
