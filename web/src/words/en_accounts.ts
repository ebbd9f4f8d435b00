/** The words of two accounts in one browser, in English. */

import { plurals } from './plural.ts';

const plural = plurals('en');

export const enAccounts = {
  accounts: {
    title: 'Accounts in this browser',
    why: 'Each has its own keys, messages and settings. Nothing of one is seen in the other.',
    shown: 'Shown now',
    to: (name: string) => `Switch to ${name}`,
    unread: (count: number) =>
      plural(count, {
        one: 'one conversation with something new',
        other: '# conversations with something new',
      }),
    unknown: 'Open the other account',
    add: 'Add an account',
    addWhy: 'Your business’s beside your own, for example.',
    second:
      'This will be a second account in this browser. If your business lets you in, choose “I have an account” below.',
    back: (name: string) => `Back to ${name}`,
    backUnknown: 'Back to the other account',
    which: 'For which account?',
    whichWhy: 'You opened a link, and there are two accounts in this browser.',
    remove: 'Remove from this browser',
    removeAsk: (name: string) => `Remove ${name} from this browser?`,
    removeWhy: (other: string) =>
      `Deletes the keys and messages of this account in this browser. Without another device, it cannot be opened again. ${other} stays as it is.`,
  },
};
