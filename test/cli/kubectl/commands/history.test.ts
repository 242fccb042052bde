import { describe, expect, it } from 'vitest';
import { historyAnnotation } from '../../../../agent/report/history.ts';
import { KEYS } from '../../../../agent/names.ts';
import type { PastChange } from '../../../../agent/report/past-change.ts';
import { json, status } from '../../../cluster/fault-server.ts';
import { api, type Answers } from '../api.ts';
import { kubectlSysctls, type Outcome } from '../run.ts';

const DONE: PastChange = {
  at: '2026-11-24T02:00:00.123Z',
  reason: 'Creates /etc/default/kubelet.',
  revision: 'b6b9734149',
  resourceVersion: '4711',
  file: '/etc/default/kubelet',
  before: null,
  after: 'aa',
  from: ['kernel.sem'],
  to: ['net.core.somaxconn'],
  result: 'Done',
};
const FAILED: PastChange = {
  ...DONE,
  at: '2026-11-25T02:00:00.000Z',
  from: ['net.core.somaxconn'],
  result: 'RolledBack',
  why: 'the kubelet ended: no\u001b[2J',
};
const NODE_1 = '/api/v1/nodes/node-1';

/** What `history node-1` prints of a Node with this annotation; undefined: it has none. */
function history(annotation: string | undefined, ...args: string[]): Promise<Outcome> {
  const annotations = {
    [KEYS.state]: 'Done',
    ...(annotation !== undefined && { [KEYS.history]: annotation }),
  };
  return run({ nodes: [{ metadata: { name: 'node-1', annotations } }] }, ...args);
}

async function run(answers: Answers, ...args: string[]): Promise<Outcome> {
  await using fake = await api(answers);
  const outcome = await kubectlSysctls(['history', 'node-1', '--kubeconfig', fake.kubeconfig, ...args]);
  expect(fake.server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET ${NODE_1}`]);
  return outcome;
}

describe('history', () => {
  it('prints one line per change, oldest first, with additions, removals and the error', async () => {
    expect(await history(historyAnnotation([DONE, FAILED]))).toEqual({
      status: 0,
      stderr: '',
      stdout: `\
TIME                   RESULT       REVISION     CONFIGMAP   CHANGE                            WHY
2026-11-24T02:00:00Z   Done         b6b9734149   4711        +net.core.somaxconn -kernel.sem   Creates /etc/default/kubelet.
2026-11-25T02:00:00Z   RolledBack   b6b9734149   4711        -                                 the kubelet ended: no\\u{1b}[2J
`,
    });
  });

  it('prints all fields of every change with -o json', async () => {
    const { status: code, stdout } = await history(historyAnnotation([DONE, FAILED]), '-o', 'json');
    expect([code, JSON.parse(stdout)]).toEqual([0, { changes: [DONE, FAILED] }]);
  });

  it('shows the entries that differ, and counts the rest, when the agent shortened the lists', async () => {
    const same = Array.from({ length: 300 }, (_none, at) => `net.ipv4.same_${at}`);
    const added = Array.from({ length: 300 }, (_none, at) => `net.ipv4.new_${at}`);
    const change = { ...DONE, from: [...same, 'kernel.sem'], to: [...same, ...added] };
    const { stdout } = await history(historyAnnotation([change]));
    expect(stdout).toMatch(/ \+net\.ipv4\.new_0 .* \+… and \d+ more added -kernel\.sem {3}/u);
    expect(stdout).not.toContain('unchanged');
  });

  it.each(['text', 'json'])('escapes or removes control characters in the format %s', async (output) => {
    const odd = '\u001b[2J\u009b2J';
    const change = { ...DONE, at: odd, revision: odd, resourceVersion: odd, reason: odd, from: [odd] };
    const { status: code, stdout } = await history(historyAnnotation([change]), '-o', output);
    expect(code).toBe(0);
    expect(['\u001b', '\u009b'].filter((character) => stdout.includes(character))).toEqual([]);
  });

  it.each([
    ['without the annotation', undefined],
    ['with an empty list', '[]'],
  ])('refuses a Node %s and names the possible causes', async (_title, annotation) => {
    const { status: code, stdout, stderr } = await history(annotation);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: Expected Node node-1 .* kubelet-sysctl-agent\/history, found none\. No change has ended there/u,
    );
  });

  it.each([
    ['text that is no JSON', 'edited'],
    ['JSON of another kind', '{"changes":[]}'],
    ['a change that lacks fields', '[{"at":"2026-11-24T02:00:00Z"}]'],
  ])('refuses an annotation that holds %s without a crash', async (_title, annotation) => {
    const { status: code, stdout, stderr } = await history(annotation);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: Expected the annotation kubelet-sysctl-agent\/history of Node node-1 .*got something else/u,
    );
    expect(stderr).not.toContain('    at ');
  });

  it('says that no agent has reported on the node', async () => {
    const { status: code, stderr } = await run({ nodes: [{ metadata: { name: 'node-1' } }] });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Expected a report of the agent on node-1, found none/u);
  });

  it('says that the node does not exist', async () => {
    const { status: code, stderr } = await run({});
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Expected a node node-1, found none/u);
  });

  it('names the RBAC rule that the user lacks', async () => {
    const message =
      'nodes "node-1" is forbidden: User "jane" cannot get resource "nodes" in API group "" at the cluster scope';
    const { status: code, stderr } = await run({
      other: { [NODE_1]: json(403, status(403, 'Forbidden', message)) },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('You need a ClusterRole with verb get on nodes');
  });
});
