// The lint rules: oxlint's own, no circle of imports, and which way imports point (docs/architecture.md).

import { defineConfig } from 'oxlint';

type Override = NonNullable<Parameters<typeof defineConfig>[0]['overrides']>[number];

const DOWN = 'Imports point down: main → cli → node, rollout → pure.';
const IN_NODE = 'Within node/ imports point down: change → decide → observe → state, report.';
const IN_ROLLOUT = 'Within rollout/ imports point down: apply, status, forecast → decision → windows.';
const PORTS_ALONE = 'An adapter imports the ports of a use case and their types alone.';
const ALONE = 'agent/ runs alone, without scripts/ and test/; main.ts and kubectl.ts are its top.';
const PURE = 'A pure folder has no I/O, no clock and no environment.';

const NODE_IO = [
  'child_process',
  'dns',
  'fs',
  'http',
  'https',
  'net',
  'os',
  'process',
  'timers',
  'tls',
  'worker_threads',
].flatMap((name) => [name, `node:${name}`, `node:${name}/promises`]);

/** What files must not import. Of several overrides that match a file, oxlint takes the last. */
function arrows(
  files: string,
  rules: Readonly<Record<string, string[]>>,
  forbidden: string[] = [],
): Override {
  const alone = files.startsWith('agent/')
    ? ['**/test/**', '**/scripts/**', '**/main.ts', '**/agent/kubectl.ts']
    : [];
  const patterns = Object.entries({ [ALONE]: alone, ...rules })
    .filter(([, group]) => group.length > 0)
    .map(([message, group]) => ({ group, message }));
  const paths = forbidden.map((name) => ({ name, message: PURE }));
  return { files: [files], rules: { 'no-restricted-imports': ['error', { paths, patterns }] } };
}

const ABOVE_NODE = ['**/cli/**', '**/host/**', '**/cluster/**', '**/rollout/**'];
const ABOVE_ROLLOUT = ['**/cli/**', '**/host/**', '**/cluster/**', '**/node/**'];
const NODE_TOP = ['../agent.ts', '../reconcile.ts'];

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'import', 'oxc', 'vitest', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/consistent-type-imports': 'error',
    'import/no-default-export': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'no-unused-vars': ['error', { ignoreRestSiblings: true }],
    'no-unmodified-loop-condition': 'off',
    'typescript/consistent-return': 'off',
    'no-var': 'error',
    eqeqeq: 'error',
  },
  overrides: [
    { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    arrows('scripts/**', { 'What a tool needs stands in scripts/.': ['**/test/**', '!**/scripts/test/**'] }),
    ...['sysctl', 'kubelet', 'policy', 'plan', 'report', 'text', 'time'].map((room) =>
      arrows(`agent/${room}/**`, { [DOWN]: [...ABOVE_NODE, '**/node/**'] }, [...NODE_IO, 'execa', 'pino']),
    ),
    arrows('agent/node/*', { [DOWN]: ABOVE_NODE }),
    arrows('agent/node/change/*', { [DOWN]: ABOVE_NODE, [IN_NODE]: NODE_TOP }),
    arrows('agent/node/decide/*', { [DOWN]: ABOVE_NODE, [IN_NODE]: [...NODE_TOP, '../change/*'] }),
    arrows('agent/node/observe/*', {
      [DOWN]: ABOVE_NODE,
      [IN_NODE]: [...NODE_TOP, '../change/*', '../decide/*'],
    }),
    arrows('agent/node/report/*', {
      [DOWN]: ABOVE_NODE,
      [IN_NODE]: [...NODE_TOP, '../change/*', '../decide/*', '../observe/*'],
    }),
    arrows('agent/node/state/*', {
      [DOWN]: ABOVE_NODE,
      [IN_NODE]: [...NODE_TOP, '../change/*', '../decide/*', '../observe/*', '../report/*'],
    }),
    arrows('agent/rollout/*', { [DOWN]: ABOVE_ROLLOUT }),
    arrows('agent/rollout/{leader,apply,status,forecast,metrics}/*', {
      [DOWN]: ABOVE_ROLLOUT,
      [IN_ROLLOUT]: ['../coordinator.ts'],
    }),
    arrows('agent/rollout/{decision,windows}/*', {
      [DOWN]: ABOVE_ROLLOUT,
      [IN_ROLLOUT]: ['../coordinator.ts', '../status/*', '../apply/*', '../leader/*', '../forecast/*'],
    }),
    arrows('agent/host/**', {
      [DOWN]: ['**/cli/**', '**/cluster/**', '**/rollout/**'],
      [PORTS_ALONE]: [
        '**/node/**',
        '!**/node/*ports.ts',
        '!**/node/changed-file.ts',
        '!**/node/not-regular.ts',
      ],
    }),
    arrows('agent/cluster/**', {
      [DOWN]: ['**/cli/**', '**/host/**'],
      [PORTS_ALONE]: [
        '**/node/**',
        '!**/node/*ports.ts',
        '**/rollout/**',
        '!**/rollout/*ports.ts',
        '!**/rollout/fleet.ts',
      ],
    }),
    {
      files: ['agent/{sysctl,kubelet,policy,plan,report,text,time}/**'],
      rules: { 'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval'] },
    },
  ],
  ignorePatterns: ['dist', 'node_modules'],
});
