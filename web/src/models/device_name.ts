/** What this browser says it is called when it is linked: its name and where it runs. */

/** In the order in which they are asked for: many browsers claim to be others as well. */
const BROWSERS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bEdgA?\/|\bEdgiOS\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/Chrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const PLACES: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'Chromebook'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
];

/** Of a browser's `userAgent`; "" when nothing in it is known. */
export function deviceName(userAgent: string): string {
  return [BROWSERS, PLACES]
    .map((known) => known.find(([sign]) => sign.test(userAgent))?.[1] ?? '')
    .filter((part) => part !== '')
    .join(', ');
}
