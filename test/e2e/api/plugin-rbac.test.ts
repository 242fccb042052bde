// Each command of the plugin on a real API server: with exactly its permissions, and without each of them.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS } from '../../../agent/names.ts';
import { type Bed, startBed } from '../../../scripts/bed/bed.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import { AGENT_NAMESPACE as NAMESPACE } from '../../../scripts/kubernetes/names.ts';
import {
  PERMISSIONS,
  type CommandPermissions,
  type Permission,
} from '../../../scripts/reference/permissions.ts';
import { kubectlSysctls, started, type Outcome } from '../../cli/kubectl/run.ts';
import { bindingsOf, shippedRole, type Grant } from '../support/cluster/grants.ts';

const NODE = 'rbac-1';
const MANIFESTS = join(import.meta.dirname, '../../../daemonset');
const RBAC_SOON = { timeoutMs: 20_000, everyMs: 100 };

/** A command, the permission that is left out (undefined: none), and the user who has the others. */
interface Case {
  readonly command: CommandPermissions;
  readonly without: Permission | undefined;
  readonly user: string;
}

const CASES: readonly Case[] = PERMISSIONS.flatMap((command, at) =>
  [undefined, ...command.permissions].map((without, number) => ({
    command,
    without,
    user: `rbac-${at}-${number}`,
  })),
);

let bed: Bed;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2e-rbac-'));
  // Only an API server: the objects of this test must not reach the coordinator of the tier's bed.
  bed = await startBed(
    { name: `rbac-${process.pid}`, nodes: [], controllers: false, lifetime: 'process' },
    silent,
  );
  const names = ['namespace', 'service-account', 'config-map'];
  const roles = ['viewer', 'operator', 'report'].map((name) => `${name}-cluster-role`);
  for (const name of [...names, ...roles]) {
    await bed.kubectl(['apply', '-f', join(MANIFESTS, `${name}.yaml`)]);
  }
  const grants = CASES.map(({ command, without, user }): Grant => {
    return { user, permissions: command.permissions.filter((one) => one !== without) };
  });
  const shipped = PERMISSIONS.flatMap((command, at) => shippedRole(`shipped-${at}`, command.roles));
  const objects = [...OBJECTS, ...grants.flatMap(bindingsOf), ...shipped];
  await writeFile(
    join(folder, 'objects.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  );
  await bed.kubectl(['create', '-f', join(folder, 'objects.json')], { timeoutMs: 120_000 });
  await writeFile(
    join(folder, 'policy.yaml'),
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: POLICY }),
  );
  const patch = ['--type=merge', '-p', JSON.stringify({ data: POLICY })];
  await bed.kubectl(['-n', NAMESPACE, 'patch', 'configmap', 'kubelet-sysctls', ...patch]);
  // The authorizer reads roles from a watch; what is created last is known last.
  const last = `shipped-${PERMISSIONS.length - 1}`;
  const known = async (): Promise<boolean> =>
    (await bed.kubectl(['auth', 'can-i', 'list', 'nodes', '--as', last], { reject: false })).exitCode === 0;
  if (!(await until(known, RBAC_SOON))) throw new Error(`Expected ${last} to be allowed to list nodes.`);
});
afterAll(async () => {
  await bed.down();
  await rm(folder, { recursive: true });
});

type Row = readonly [command: string, what: string, without: Permission, user: string];

/** The cases in which a permission that matters so is left out. */
function rowsOf(matters: Permission['without']): readonly Row[] {
  return CASES.flatMap(({ command: { command }, without, user }): readonly Row[] =>
    without?.without === matters ? [[command, wordsOf(without), without, user]] : [],
  );
}

describe('the permissions of the plugin', () => {
  it.each(PERMISSIONS.map(({ command }, at) => [command, `shipped-${at}`] as const))(
    '%s works with exactly its ClusterRoles of daemonset/',
    async (command, user) => {
      expect(troubleOf(await run(command, user))).toEqual([]);
    },
  );

  it.each(
    CASES.filter(({ without }) => without === undefined).map(
      ({ command, user }) => [command.command, user] as const,
    ),
  )('%s works with exactly its permissions', async (command, user) => {
    expect(troubleOf(await run(command, user))).toEqual([]);
  });

  it.each(rowsOf('needed'))('%s fails without %s, and names it', async (command, _what, without, user) => {
    const outcome = await run(command, user, { isEndless: true });
    expect(outcome.status).toBe(1);
    expect(flat(outcome)).toContain(`with verb ${without.verb} on ${fullName(without)}.`);
  });

  it.each(rowsOf('partial'))(
    '%s without %s shows the rest, and names it',
    async (command, _what, without, user) => {
      const outcome = await run(command, user);
      expect(flat(outcome)).toContain(`with verb ${without.verb} on ${fullName(without)}.`);
      expect(outcome.stdout).toMatch(REST[command.split(' ')[0] ?? ''] ?? /^never$/u);
    },
  );

  it.each(rowsOf('silent'))('%s without %s offers nothing', async (command, _what, _without, user) => {
    expect(await run(command, user)).toEqual({ status: 0, stdout: ':4\n', stderr: '' });
  });
});

/** What each command that can shows also without one of its permissions. */
const REST: Readonly<Record<string, RegExp>> = {
  status: /^Cluster +https/u,
  plan: /node/u,
  why: /^Deployment default\/rbac-web\n/u,
  version: /^Plugin +\d/u,
  report: /\.tar\.gz\n$/u,
};

/** Returns what shows that a permission is missing, or that the command did not work. */
function troubleOf({ status, stdout, stderr }: Outcome): readonly string[] {
  const lines = `${stdout}${stderr}`.split('\n');
  return [
    ...lines.filter((line) => /Not permitted|You need|may not|^error:/u.test(line)),
    ...(stdout === '' ? ['printed nothing'] : []),
    // why and wait have answers that are no.
    ...([0, 1, 4].includes(status) ? [] : [`exit code ${status}`]),
  ];
}

function flat({ stdout, stderr }: Outcome): string {
  return `${stdout} ${stderr}`.replaceAll(/\s+/gu, ' ');
}

/** Commands that continue until they are interrupted. */
const ENDLESS = new Set(['status --watch', 'dashboard']);

/** `isEndless`: such a command must end alone: it is not interrupted when it has shown something. */
async function run(command: string, user: string, { isEndless = false } = {}): Promise<Outcome> {
  const args = [...argsOf(command, user), '--kubeconfig', bed.kubeconfig, '--as', user];
  if (!ENDLESS.has(command)) return kubectlSysctls(args);
  const running = started(args);
  const timer = setInterval(() => !isEndless && running.stdout.text() !== '' && running.interrupt(), 20);
  return running.ended.finally(() => clearInterval(timer));
}

function argsOf(command: string, user: string): readonly string[] {
  const [name = ''] = command.split(' ');
  const dry = '--dry-run=server';
  const others: Readonly<Record<string, readonly string[]>> = {
    'status --watch': ['status', '--watch'],
    wait: ['wait', '--timeout', '1s'],
    plan: ['plan', '-f', join(folder, 'policy.yaml')],
    'history NODE': ['history', NODE],
    'why KIND/NAME': ['why', 'deployment/rbac-web', '-n', 'default'],
    report: ['report', '-f', join(folder, `${user}.tar.gz`)],
    pause: ['pause', dry],
    resume: ['resume', dry],
    'pause NODE': ['pause', NODE, dry],
    'resume -l SELECTOR': ['resume', '-l', 'e2e=rbac', dry],
    'retry NODE': ['retry', NODE, dry],
    // kubectl's own completion calls it so; it has no option before the words.
    completion: ['__complete', '--kubeconfig', bed.kubeconfig, '--as', user, 'retry', ''],
  };
  return others[command] ?? [name];
}

function fullName({ resource, group }: Permission): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function wordsOf(without: Permission): string {
  const where = without.namespace === undefined ? '' : ` in ${without.namespace}`;
  return `${without.verb} ${fullName(without)} ${without.name ?? ''}${where}`.replaceAll('  ', ' ').trim();
}

/** Paused, so that `wait` must watch. */
const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', paused: 'true' };
const CHANGE = {
  at: '2026-11-29T00:00:00Z',
  reason: 'the policy changed',
  revision: 'r',
  file: '/etc/default/kubelet',
  before: null,
  after: null,
  from: [],
  to: ['net.core.somaxconn'],
  result: 'RolledBack',
};
const POD_SPEC = {
  serviceAccountName: 'kubelet-sysctl-agent',
  automountServiceAccountToken: false,
  containers: [{ name: 'agent', image: 'none' }],
};
const LABELS = { app: 'rbac-web' };

/** A node that failed, an agent's pod whose kubelet does not exist, and a workload with an unsafe sysctl. */
const OBJECTS: readonly object[] = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: NODE,
      labels: { e2e: 'rbac' },
      annotations: {
        [KEYS.state]: 'Degraded',
        [KEYS.reason]: 'It failed.',
        [KEYS.history]: JSON.stringify([CHANGE]),
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'agent-1',
      namespace: NAMESPACE,
      labels: { 'app.kubernetes.io/name': 'kubelet-sysctl-agent' },
    },
    spec: { ...POD_SPEC, nodeName: NODE },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'rbac-web', namespace: 'default' },
    spec: {
      replicas: 0,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          containers: [{ name: 'web', image: 'none' }],
          securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] },
        },
      },
    },
  },
];
