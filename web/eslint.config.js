// Lint rules, and the layers of web/src: base imports nothing of ours, mls only base and @noble;
// identity, content and wire stand beside each other above them. All of these are sans-IO, so the
// globals that reach outside are forbidden there. Above them platform, vault and sdk, each
// over those before it; what the browser has comes in through platform.
//
// On the page's side words (what the app says) and models (no DOM, the device by its protocol alone);
// views are leaves, which nothing else imports.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

const OUTSIDE = [
  'fetch',
  'crypto',
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'queueMicrotask',
  'requestAnimationFrame',
  'window',
  'document',
  'navigator',
  'location',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'self',
  'globalThis',
  'postMessage',
  'WebSocket',
  'XMLHttpRequest',
  'Worker',
  'console',
  'process',
  'Buffer',
].map((name) => ({ name, message: 'This layer does no input or output; take it as an argument.' }));

const PLATFORM_OBJECTS = ['IDBKeyRange', 'caches'].map((name) => ({
  name,
  message: 'This is the room platform.',
}));

/** What the page has; a model takes it as an argument. Dates are calculated with, not asked for. */
const PAGE_OBJECTS = OUTSIDE.filter(({ name }) => name !== 'Date').concat(PLATFORM_OBJECTS);

/** Forbids every import that none of the `allowed` patterns match. */
function onlyImports(message, ...allowed) {
  return {
    'no-restricted-imports': [
      'error',
      { patterns: [{ regex: `^(?!${allowed.join('|')})`, message }] },
    ],
  };
}

export default tseslint.config(
  { ignores: ['node_modules', 'dist'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-warning-comments': 'error',
      'max-lines': ['error', { max: 500 }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowAny: false, allowBoolean: false, allowNullish: false },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 70 }],
    },
  },
  {
    files: ['src/base/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE],
      ...onlyImports('base imports nothing but base.', '\\./[a-z_]+\\.ts$'),
    },
  },
  { files: ['src/base/random.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: ['src/mls/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE],
      ...onlyImports(
        'mls imports only base, mls and @noble.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./base/[a-z_]+\\.ts$',
        '@noble/',
      ),
    },
  },
  {
    files: ['src/identity/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE],
      ...onlyImports(
        'identity imports only base, mls, identity, the msgpack library and @noble.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./(base|mls)/[a-z0-9_]+\\.ts$',
        '(@msgpack/msgpack$|@noble/)',
      ),
    },
  },
  {
    files: ['src/content/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE],
      ...onlyImports(
        'content imports only base, content and @noble.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./base/[a-z0-9_]+\\.ts$',
        '@noble/',
      ),
    },
  },
  {
    files: ['src/wire/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE],
      ...onlyImports(
        'wire imports only base, wire and the msgpack library.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./base/[a-z0-9_]+\\.ts$',
        '@msgpack/msgpack$',
      ),
    },
  },
  {
    files: ['src/platform/**/*.ts'],
    rules: onlyImports(
      'platform imports only base, mls and platform.',
      '\\./[a-z0-9_]+\\.ts$',
      '\\.\\./(base|mls)/[a-z0-9_]+\\.ts$',
    ),
  },
  {
    files: ['src/vault/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE, ...PLATFORM_OBJECTS],
      ...onlyImports(
        'vault imports only base, identity, content, mls, platform and vault.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./(base|identity|content|mls|platform)/[a-z0-9_]+\\.ts$',
      ),
    },
  },
  {
    files: ['src/sdk/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE, ...PLATFORM_OBJECTS],
      ...onlyImports(
        'sdk imports only base, identity, content, wire, mls, platform, vault, sdk and @noble.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./(base|identity|content|wire|mls|platform|vault)/[a-z0-9_]+\\.ts$',
        '@noble/',
      ),
    },
  },
  {
    // Where the worker begins.
    files: ['src/sdk/worker.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['src/words/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...PAGE_OBJECTS],
      ...onlyImports(
        'words imports only words and the types of the protocol.',
        '\\./[a-z_]+(\\.svelte)?\\.ts$',
        '\\.\\./sdk/protocol\\.ts$',
      ),
    },
  },
  {
    // The types of the catalogue are what it says.
    files: ['src/words/en*.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['src/models/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...PAGE_OBJECTS],
      ...onlyImports(
        'models imports only base, words, models, texts of content, the protocol and Svelte.',
        '\\./[a-z_]+(\\.svelte)?\\.ts$',
        '\\.\\./base/[a-z0-9_]+\\.ts$',
        '\\.\\./words/[a-z_]+(\\.svelte)?\\.ts$',
        '\\.\\./content/(blocks|inline|printable)\\.ts$',
        '\\.\\./sdk/protocol\\.ts$',
        'svelte/reactivity$',
      ),
    },
  },
  {
    files: ['src/**/*.svelte'],
    extends: [
      ...tseslint.configs.strict,
      ...tseslint.configs.stylistic,
      ...svelte.configs.recommended,
    ],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-undef': 'off',
      'no-warning-comments': 'error',
      'max-lines': ['error', { max: 500 }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'svelte/no-at-html-tags': 'error',
      'svelte/no-target-blank': 'error',
      'svelte/block-lang': ['error', { script: 'ts' }],
    },
  },
  {
    files: ['src/views/**/*.{ts,svelte}'],
    rules: onlyImports(
      'views imports only views, models, words, base and the types of the protocol.',
      '\\./',
      '(\\.\\./)+(views|parts|list|start|conversation|cards|details|settings|media|business)/',
      '\\.\\./[a-z]+\\.ts$',
      '(\\.\\./)+(base|models|words)/[a-z0-9_]+(\\.svelte)?\\.ts$',
      '(\\.\\./)+sdk/protocol\\.ts$',
      '(svelte|svelte/attachments|virtua/svelte|qr|qr/decode\\.js)$',
      'emojibase-data/(de|en)/compact\\.json$',
    ),
  },
  {
    files: ['tests/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
