/** Every code that a person may meet has its sentence, and every sentence a code that is thrown. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { en } from '../../src/words/en.ts';
import { enAgentFailures } from '../../src/words/en_agent_failures.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');
const SPEC = join(import.meta.dirname, '..', '..', '..', 'spec');

/** Codes that stay among programs, by the reason why no person meets them. */
const UNMET: Readonly<Record<string, readonly string[]>> = {
  'the names of kinds of errors; each one thrown has a code of its own, or is a mistake of ours': [
    'error',
    'usage',
    'protocol',
    'sdk',
    'vault',
  ],
  'the device looks an account up and asks again': ['needs_account'],
  'said before the page is served': ['bad_url'],
  'checked against our own account before we sign': ['wrong_domain'],
  'what a device of ours said to its own team and cannot be read is noted, and not shown': [
    'bad_rpc',
    'bad_team_fact',
    'unknown_team_fact',
  ],
  'the vault says vault_blocked, vault_newer and vault_key_missing': [
    'storage_blocked',
    'storage_newer',
    'storage_incomplete',
  ],
  'a card that cannot be read is shown as its text': ['bad_card', 'unknown_card'],
  'the commit that was first is read, and ours is made again': ['mls_commit_first'],
  'sentenceOf has the sentence of mls_protocol for all of MLS': [
    'mls_codec',
    'mls_signature',
    'mls_decryption',
    'mls_key',
    'mls_suite',
    'mls_saved_state',
    'mls_usage',
  ],
  'refused to a device that made a mistake, which tries again or gives up with conversation_broken':
    [
      'stale_epoch',
      'conversation_exists',
      'bad_conversation',
      'bad_group_info',
      'bad_message',
      'bad_proposal',
      'bad_commit',
      'bad_account_kind',
      'bad_certificate',
      'bad_device_list',
      'bad_key_package',
      'blob_exists',
      'bad_blob',
      'too_many_proposals',
    ],
};

/** The server's words that a device renames, for it has a use of its own for them. */
const RENAMED: Readonly<Record<string, string>> = {
  internal: 'server_internal',
  storage_unavailable: 'server_unavailable',
};

const SAID = [
  /\bcode: '(\w+)'/g,
  /\bcode: string = '(\w+)'/g,
  /\bcode: \w+ \? '(\w+)' : '\w+'/g,
  /\bcode: \w+ \? '\w+' : '(\w+)'/g,
  /', '(server_\w+)'\]/g,
];

function sources(): readonly string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|svelte)$/.test(name) && !name.startsWith('words'))
    .map((name) => readFileSync(join(SRC, name), 'utf8'));
}

function thrownHere(): ReadonlySet<string> {
  const texts = sources();
  return new Set(
    texts.flatMap((text) =>
      SAID.flatMap((said) => [...text.matchAll(said)].map(([, code = '']) => code)),
    ),
  );
}

/** The first column of the table of a heading: every word in backquotes. */
function tableOf(file: string, heading: string): readonly string[] {
  const [, part = ''] = readFileSync(join(SPEC, file), 'utf8').split(`\n## ${heading}\n`);
  const [section = ''] = part.split('\n## ');
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)])
    .map(([, code = '']) => code);
}

function saidByServers(): readonly string[] {
  const codes = [...tableOf('wire.md', 'Codes'), ...tableOf('delivery.md', 'Refusals')];
  return codes.map((code) => RENAMED[code] ?? code);
}

const here = thrownHere();
const servers = saidByServers();
const sentences = Object.keys(en.failure);
const unmet = Object.values(UNMET).flat();

test('the sources and the papers are read', () => {
  expect(here.size).toBeGreaterThan(90);
  expect(here).toContain('vault_busy');
  expect(here).toContain('device_list_rollback');
  expect(here).toContain('server_internal');
  expect(servers).toContain('pairing_taken');
  expect(servers).toContain('too_many_pairings');
  expect(servers).toContain('server_unavailable');
  expect(new Set(servers).size).toBeGreaterThan(50);
});

test('every code has its sentence, or a reason why no person meets it', () => {
  const known = new Set([...sentences, ...unmet, ...Object.keys(enAgentFailures)]);
  expect([...new Set([...here, ...servers])].filter((code) => !known.has(code)).sort()).toEqual([]);
});

test('what a person asked for in vain has a code of its own', () => {
  const bare = sources().flatMap((text) =>
    text
      .split('new SdkError(')
      .slice(1)
      .map((rest) => rest.slice(0, rest.indexOf(');')))
      .filter((refusal) => !refusal.includes('code:'))
      .map((refusal) => refusal.replace(/^[\s'"`]+/, '')),
  );
  expect(bare.map((refusal) => refusal.slice(0, 20)).sort()).toEqual([
    'A history is read in', // by our own page, never so
    'Messages expire afte', // of the spans that the page offers
    'The transport is not', // started by the device itself
  ]);
});

test('every sentence has a code that is thrown', () => {
  const thrown = new Set([...here, ...servers]);
  expect(sentences.filter((code) => !thrown.has(code) && code !== 'unknown')).toEqual([]);
});

test('whatever has a reason to be unmet is thrown, and has no sentence', () => {
  const thrown = new Set([...here, ...servers]);
  expect(unmet.filter((code) => !thrown.has(code))).toEqual([]);
  expect(unmet.filter((code) => sentences.includes(code))).toEqual([]);
});
