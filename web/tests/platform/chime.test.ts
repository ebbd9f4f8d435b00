import { expect, test, vi } from 'vitest';

import { Chime } from '../../src/platform/chime.ts';

interface Played {
  readonly hz: number[];
  readonly startedS: number[];
  readonly stoppedS: number[];
}

function audio(played: Played, isRefused = false): AudioContext {
  const gain = {
    gain: { setValueAtTime: vi.fn(), exponentialRampToValueAtTime: vi.fn() },
    connect: vi.fn(),
  };
  const made = {
    currentTime: 10,
    destination: {},
    resume: () => (isRefused ? Promise.reject(new Error('no tap yet')) : Promise.resolve()),
    createGain: () => gain,
    createOscillator: () => ({
      frequency: {
        set value(hz: number) {
          played.hz.push(hz);
        },
      },
      connect: () => gain,
      start: (atS: number) => played.startedS.push(atS),
      stop: (atS: number) => played.stoppedS.push(atS),
    }),
  };
  return made as unknown as AudioContext;
}

test('two notes, one after the other, that end', async () => {
  const played: Played = { hz: [], startedS: [], stoppedS: [] };
  const make = vi.fn(() => audio(played));
  const chime = new Chime(make);
  await chime.play();
  expect(played.hz).toHaveLength(2);
  expect(played.startedS[0]).toBe(10);
  expect(played.startedS[1]).toBeGreaterThan(10);
  expect(played.stoppedS[1]).toBeLessThan(11);
  await chime.play();
  expect(played.hz).toHaveLength(4);
  expect(make).toHaveBeenCalledTimes(1);
});

test('where nobody has tapped yet, or there is no sound, it is silent', async () => {
  const played: Played = { hz: [], startedS: [], stoppedS: [] };
  await new Chime(() => audio(played, true)).play();
  await new Chime(() => undefined).play();
  await new Chime(() => {
    throw new Error('too many');
  }).play();
  expect(played.hz).toEqual([]);
});
