/** The words of reporting somebody, in English. */

import { plurals } from './plural.ts';

const n = plurals('en');

export const enReport = {
  report: {
    action: 'Report',
    person: (name: string) => `Report ${name}`,
    title: (name: string) => `Report ${name}`,
    discloses: (server: string) => `Whoever runs ${server} gets to see:`,
    disclosed: [
      'the messages chosen below, with earlier versions and the files in them',
      'who wrote them, in which conversation and when',
      'that you reported them',
    ],
    rest: (name: string) =>
      `Everything else stays encrypted, and ${name} is told nothing. The server verifies that nobody changed a word.`,
    messages: (count: number) => n(count, { one: '# message chosen', other: '# messages chosen' }),
    choose: 'Messages to disclose',
    none: (name: string) => `There is no message of ${name} here that could be reported.`,
    tooMany: (most: number) => `Choose at most ${most} messages.`,
    why: 'What is wrong?',
    reasons: {
      spam: 'Spam or fraud',
      abuse: 'Insults, threats, harassment',
      illegal: 'Something illegal',
      other: 'Something else',
    },
    note: 'What else should be known? (optional)',
    block: (name: string) => `Block ${name} too`,
    send: 'Report',
    sending: 'Reporting',
    done: (server: string) => `Reported. Whoever runs ${server} looks into it.`,
    doneBlocked: (server: string, name: string) =>
      `Reported. Whoever runs ${server} looks into it, and ${name} is blocked.`,
  },
};

/** What can go wrong with it. */
export const enReportFailures = {
  not_genuine:
    'The server does not recognise these messages as sent like this, so it did not take the report.',
  not_franked: 'A message came in a form that nobody could report. It is not shown.',
  false_sender: 'A message came under another name than its writer’s. It is not shown.',
  no_stamp: 'The server did not stamp a message. It cannot be reported.',
  own_message: 'A message of your own cannot be reported.',
  several_senders: 'A report is about one person. Choose messages of one only.',
  too_many_messages: 'These are too many messages for one report. Choose fewer.',
  too_many_reports: 'Many of your reports are still waiting. Try again when some are dealt with.',
  bad_report: 'This report is not complete. Reload the page and try again.',
};
