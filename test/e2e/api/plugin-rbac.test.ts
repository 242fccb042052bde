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
  const file = (name: string): readonly string[] => ['-f', join(MANIFESTS, name)];
  const names = [
    'namespace',
    'service-account',
    'config-map',
    'viewer-cluster-role',
    'operator-cluster-role',
  ];
  await bed.kubectl(['apply', ...names.flatMap((name) => file(`${name}.yaml`))]);
  await bed.kubectl(['apply', ...file('report-cluster-role.yaml')]);
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
  await bed.kubectl([
    ...['-n', NAMESPACE, 'patch', 'configmap', 'kubelet-sysctls', '--type=merge'],
    ...['-p', JSON.stringify({ data: POLICY })],
  ]);
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

describe('the permissions of the plugin', () => {
  it.each(PERMISSIONS.map(({ command }, at) => [command, at] as const))(
    '%s works with exactly its ClusterRoles of daemonset/',
    async (command, at) => {
      works(await run(command, `shipped-${at}`));
    },
  );

  it.each(CASES.map((one) => [one.command.command, wordsOf(one.without), one] as const))(
    '%s %s',
    async (command, _without, { without, user }) => {
      const outcome = await run(command, user);
      if (without === undefined) works(outcome);
      else if (without.without === 'silent') expect(outcome).toMatchObject({ status: 0, stdout: ':4\n' });
      else {
        const told = `${outcome.stdout} ${outcome.stderr}`.replaceAll(/\s+/gu, ' ');
        expect(told).toContain(`with verb ${without.verb} on ${fullName(without)}.`);
        if (without.without === 'needed') expect([outcome.status, outcome.stdout]).toEqual([1, '']);
        else expect(outcome.stdout).toMatch(REST[command.split(' ')[0] ?? ''] ?? /^never$/u);
      }
    },
  );
});

/** What each command that can shows also without one of its permissions. */
const REST: Readonly<Record<string, RegExp>> = {
  status: /^Cluster +https/u,
  plan: /node/u,
  why: /^Deployment default\/rbac-web\n/u,
  version: /^Plugin +\d/u,
  report: /\.tar\.gz\n$/u,
};

function works({ status, stdout, stderr }: Outcome): void {
  expect(`${stdout}${stderr}`).not.toMatch(/Not permitted|You need|may not/u);
  expect(stderr).not.toMatch(/^error:/mu);
  expect(stdout).not.toBe('');
  // why and wait have answers that are no; --watch ends by the interruption.
  expect([0, 1, 4]).toContain(status);
}

async function run(command: string, user: string): Promise<Outcome> {
  const args = [...argsOf(command, user), '--kubeconfig', bed.kubeconfig, '--as', user];
  if (command !== 'status --watch') return kubectlSysctls(args);
  const running = started(args);
  const timer = setInterval(() => running.stdout.text() !== '' && running.interrupt(), 20);
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

function wordsOf(without: Permission | undefined): string {
  if (without === undefined) return 'works with exactly its permissions';
  const where = without.namespace === undefined ? '' : ` in ${without.namespace}`;
  const what = `${without.verb} ${fullName(without)} ${without.name ?? ''}${where}`.trim();
  return without.without === 'needed'
    ? `fails without ${what}, and names it`
    : `shows the rest without ${what}`;
}

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn' };
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
