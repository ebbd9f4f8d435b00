// Lint rules, and the layers of web/src: base imports nothing of ours, mls only base and @noble;
// both are sans-IO, so the globals that reach outside are forbidden there. Above them platform,
// vault and sync, each over those before it; what the browser has comes in through platform.
import js from '@eslint/js';
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
        'vault imports only base, mls, platform and vault.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./(base|mls|platform)/[a-z0-9_]+\\.ts$',
      ),
    },
  },
  {
    files: ['src/sync/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE, ...PLATFORM_OBJECTS],
      ...onlyImports(
        'sync imports only base, mls, platform, vault and sync.',
        '\\./[a-z0-9_]+\\.ts$',
        '\\.\\./(base|mls|platform|vault)/[a-z0-9_]+\\.ts$',
      ),
    },
  },
  {
    // The page's side knows the worker by its messages alone: nothing of it brings a secret along.
    files: ['src/sync/mls_client.ts'],
    rules: onlyImports(
      'mls_client imports only base and the protocol.',
      '\\./protocol\\.ts$',
      '\\.\\./base/[a-z0-9_]+\\.ts$',
    ),
  },
  {
    // Where the worker begins, and where the page starts it.
    files: ['src/sync/mls_worker.ts', 'src/sync/mls_client.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['tests/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
