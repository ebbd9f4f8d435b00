import { expect, test } from 'vitest';

import { deviceName } from '../../src/models/device_name.ts';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const CHROME = 'Chrome/140.0.0.0';

test.each([
  [`${WINDOWS} ${WEBKIT} ${CHROME} Safari/537.36`, 'Chrome, Windows'],
  [`${WINDOWS} ${WEBKIT} ${CHROME} Safari/537.36 Edg/140.0.0.0`, 'Edge, Windows'],
  [`${WINDOWS} ${WEBKIT} ${CHROME} Safari/537.36 OPR/120.0.0.0`, 'Opera, Windows'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox, Linux'],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} ${CHROME} Mobile Safari/537.36`,
    'Chrome, Android',
  ],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/28.0 ${CHROME} Mobile Safari/537.36`,
    'Samsung Internet, Android',
  ],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} ${CHROME} Mobile Safari/537.36 EdgA/140.0.0.0`,
    'Edge, Android',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'Safari, Mac',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari, iPhone',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1',
    'Chrome, iPhone',
  ],
  [
    'Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15',
    'Firefox, iPad',
  ],
  [
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} ${CHROME} Safari/537.36`,
    'Chrome, Chromebook',
  ],
  [`${WINDOWS} ${WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36`, 'Chrome, Windows'],
])('%s is called %s', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name);
});

test('what says little is called by what it says', () => {
  expect(deviceName('Lynx/2.9 on Linux')).toBe('Linux');
  expect(deviceName('Chrome/140')).toBe('Chrome');
  expect(deviceName('curl/8.0')).toBe('');
  expect(deviceName('')).toBe('');
});

test('what browsers may say is never longer than a name', () => {
  const long = `${'Firefox/1 '.repeat(10_000)}Windows`;
  expect(deviceName(long)).toBe('Firefox, Windows');
});
