import { expect, test } from 'vitest';

import { trustOwnScripts } from '../../src/platform/trusted_types.ts';

type Rule = (url: string) => string | undefined;

function installed(defaultPolicy: object | null = null): Rule[] {
  const rules: Rule[] = [];
  trustOwnScripts({
    location: { href: 'https://chat.example/app/', origin: 'https://chat.example' },
    trustedTypes: {
      defaultPolicy,
      createPolicy: (name, { createScriptURL }) => {
        expect(name).toBe('default');
        rules.push(createScriptURL);
        return {};
      },
    },
  });
  return rules;
}

test.each([
  ['/assets/worker.js', true],
  ['worker.js', true],
  ['https://chat.example/x.js', true],
  ['https://evil.example/x.js', false],
  ['//evil.example/x.js', false],
  ['https://chat.example.evil.example/x.js', false],
  ['data:text/javascript,0', false],
  ['blob:https://evil.example/1', false],
  ['blob:https://chat.example/1', false],
  ['filesystem:https://chat.example/temporary/x.js', false],
])('a script at %s passes: %s', (url, passes) => {
  const [rule] = installed();
  expect(rule?.(url)).toBe(passes ? url : undefined);
});

test('there is one default policy', () => {
  expect(installed({})).toEqual([]);
});

test('a browser without Trusted Types needs none', () => {
  trustOwnScripts({ location: { href: 'https://chat.example/', origin: 'https://chat.example' } });
});
