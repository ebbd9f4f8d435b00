/** Loudness over time, as a voice note carries it: 0 to 255 at even distances. */

export const WAVEFORM_BARS = 64;

/** Loudness of one moment: the root mean square of samples from -1 to 1, as ears hear it. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) {
    sum += sample * sample;
  }
  const level = Math.sqrt(sum / Math.max(1, samples.length));
  return Math.min(255, Math.round(255 * Math.sqrt(level)));
}

/** `levels` brought to `bars`, each the loudest of its stretch. */
export function waveform(levels: readonly number[], bars = WAVEFORM_BARS): readonly number[] {
  if (levels.length === 0) {
    return [];
  }
  return Array.from({ length: bars }, (_, at) => {
    const from = Math.floor((at * levels.length) / bars);
    const to = Math.max(from + 1, Math.floor(((at + 1) * levels.length) / bars));
    return Math.max(...levels.slice(from, to));
  });
}
