import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COORDINATOR, KEYS } from '../../../../agent/names.ts';
import { json, status, type Handler } from '../../../cluster/fault-server.ts';
import { api, type Answers } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { kubectlSysctls } from '../run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const NAMESPACE = '/api/v1/namespaces/kubelet-sysctl-agent';
const JWT = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl';
/** Planted where a real cluster may have them. */
const SECRETS = [JWT, 'hunter2', '10.11.12.13', 'fd00::77', 'planted-value', 'other-app'];

const podOf = (name: string, app: string): object => ({
  metadata: { name, uid: name, resourceVersion: '1', labels: { 'app.kubernetes.io/name': app } },
  spec: {
    nodeName: 'node-1',
    containers: [{ image: 'agent:1', env: [{ name: 'X', value: 'planted-value' }] }],
  },
  status: { phase: 'Running', podIP: '10.11.12.13', containerStatuses: [{ name: 'agent', restartCount: 3 }] },
});

const text =
  (content: string): Handler =>
  (response) =>
    void response.writeHead(200, { 'content-type': 'text/plain' }).end(content);

const events = (about: string, component: string, message: string): Handler =>
  json(200, {
    kind: 'EventList',
    metadata: { resourceVersion: '1' },
    items: [
      {
        metadata: { name: 'e', uid: about, resourceVersion: '1' },
        involvedObject: { kind: 'Node', name: about },
        source: { component },
        reason: 'NodeDegraded',
        message,
      },
    ],
  });

function answers(other: Answers['other'] = {}): Answers {
  const secretive: object = node('node-1', { state: 'Degraded', reason: `dial 10.11.12.13: token ${JWT}` });
  return {
    policy: { ...POLICY, databasePassword: 'planted-value' },
    nodes: [secretive, node('node-2')],
    other: {
      [`${NAMESPACE}/pods`]: json(200, {
        kind: 'PodList',
        metadata: { resourceVersion: '1' },
        items: [
          podOf('agent-1', 'kubelet-sysctl-agent'),
          podOf('coordinator-1', COORDINATOR),
          podOf('other-app', 'other'),
        ],
      }),
      [`${NAMESPACE}/pods/agent-1/log`]: text(`{"msg":"[fd00::77]:443 refused","password":"hunter2"}\n`),
      [`${NAMESPACE}/pods/coordinator-1/log`]: text('leads\n'),
      [`${NAMESPACE}/events`]: events('kubelet-sysctls', COORDINATOR, 'halted'),
      '/api/v1/namespaces/default/events': events('node-1', 'kubelet-sysctl-agent', 'password=hunter2'),
      ...other,
    },
  };
}

async function report(given: Answers, file = join(folder, 'r.tar.gz')) {
  await using fake = await api(given);
  const outcome = await kubectlSysctls(['report', '-f', file, '--kubeconfig', fake.kubeconfig]);
  return { ...outcome, file, writes: fake.writes() };
}

function unpacked(file: string): {
  readonly names: readonly string[];
  readonly all: string;
  of(name: string): string;
} {
  const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trimEnd().split('\n');
  const of = (name: string): string => execFileSync('tar', ['-xzOf', file, name], { encoding: 'utf8' });
  return { names, all: names.map(of).join('\n'), of };
}

describe('report', () => {
  it('writes an archive that tar reads, with what explains a rollout, for its owner alone, and prints its name', async () => {
    const { status: code, stdout, stderr, file, writes } = await report(answers());
    expect({ code, stdout, stderr, writes }).toEqual({
      code: 0,
      stdout: `${file}\n`,
      stderr: '',
      writes: [],
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const archive = unpacked(file);
    expect(archive.names).toEqual([
      'README.txt',
      'configmaps.json',
      'events.jsonl',
      'nodes.jsonl',
      'pods.jsonl',
      'versions.json',
      'logs/coordinator-1.log',
      'logs/agent-1.log',
    ]);
    const [first] = archive.of('nodes.jsonl').split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({
      name: 'node-1',
      annotations: { [KEYS.state]: 'Degraded', [KEYS.reason]: 'dial [address 1]: token [left out]' },
      conditions: [{ type: 'Ready' }],
    });
    expect(JSON.parse(archive.of('configmaps.json'))).toMatchObject({
      policy: { data: POLICY, otherKeys: ['databasePassword'] },
    });
    expect(archive.of('pods.jsonl')).toContain('"restartCount":3');
    expect(archive.of('events.jsonl').trimEnd().split('\n')).toHaveLength(2);
    expect(archive.of('README.txt')).toContain('Everything could be read.');
  });

  it('has no planted secret, address or foreign pod in any file, also in the archive as bytes', async () => {
    const { file } = await report(answers());
    const { all } = unpacked(file);
    expect(SECRETS.filter((secret) => all.includes(secret))).toEqual([]);
  });

  it('does not overwrite a file, and says so', async () => {
    const file = join(folder, 'there.tar.gz');
    writeFileSync(file, 'mine');
    const { status: code, stdout, stderr } = await report(answers(), file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: Expected no file .*Nothing was written/u);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('names what may not be read, in the archive too, and writes the rest', async () => {
    const message = 'User "jane" cannot list resource "events" in API group "" in the namespace "default"';
    const forbidden = json(403, status(403, 'Forbidden', message));
    const logs = json(403, status(403, 'Forbidden', 'no logs'));
    const {
      status: code,
      stderr,
      file,
    } = await report(
      answers({
        '/api/v1/namespaces/default/events': forbidden,
        [`${NAMESPACE}/pods/coordinator-1/log`]: logs,
      }),
    );
    expect(code).toBe(0);
    expect(stderr).toContain('events about Nodes not read. Not permitted');
    expect(stderr).toContain('logs not read');
    const readme = unpacked(file).of('README.txt');
    expect(readme).toContain('You need a Role in default with verb list on events.');
    expect(readme).toContain('Not in the report: 2 logs.');
    expect(unpacked(file).of('nodes.jsonl')).toContain('node-2');
  });

  it('bounds each log and the whole, and says what is left out', async () => {
    const long = `${'x'.repeat(99)}\n`.repeat(30_000);
    const pods = Array.from({ length: 45 }, (_, at) => podOf(`agent-${at}`, 'kubelet-sysctl-agent'));
    const logs = Object.fromEntries(
      pods.map((_pod, at) => [`${NAMESPACE}/pods/agent-${at}/log`, text(long)] as const),
    );
    const many = json(200, { kind: 'PodList', metadata: { resourceVersion: '1' }, items: pods });
    const { file } = await report(answers({ ...logs, [`${NAMESPACE}/pods`]: many }));
    const archive = unpacked(file);
    expect(archive.names.filter((name) => name.startsWith('logs/'))).toHaveLength(40);
    expect(archive.of('logs/agent-1.log').length).toBe(256 * 1024);
    expect(archive.of('README.txt')).toContain('Not in the report: 5 logs.');
  });
});
