import { describe, expect, it } from 'vitest';
import { requestCounter } from '../../../../scripts/fleet/api/requests.ts';

const NAMESPACE = 'system:serviceaccount:kubelet-sysctl-agent';
const AGENT = `${NAMESPACE}:kubelet-sysctl-agent`;
const FIRST = { from: new Date('2026-11-24T10:00:00Z'), to: new Date('2026-11-24T10:05:00Z') };
const SECOND = { from: new Date('2026-11-24T10:06:00Z'), to: new Date('2026-11-24T10:07:00Z') };

interface More {
  readonly username?: string;
  readonly resource?: string;
  readonly code?: number;
}

function line(
  auditID: string,
  verb: string,
  at: string,
  { username = AGENT, resource = 'nodes', code }: More = {},
): string {
  return JSON.stringify({
    auditID,
    verb,
    requestReceivedTimestamp: `2026-11-24T${at}Z`,
    user: { username },
    objectRef: { resource, ...(resource === 'events' && { subresource: 'part' }) },
    ...(code !== undefined && { responseStatus: { code } }),
  });
}

function counted(lines: readonly string[]) {
  const counter = requestCounter([FIRST, SECOND]);
  for (const each of lines) counter.add(each);
  return counter.counted();
}

describe('our requests in an audit log', () => {
  it('count once, in the window in which they were received, for any number of stages', () => {
    const watch = line('1', 'watch', '10:01:00.000001');
    const [first, second] = counted([watch, watch, line('2', 'patch', '10:06:30')]);
    expect([first?.agents, second?.agents]).toEqual([1, 1]);
  });

  it("tell the agents' from the coordinator's, and of what kind each is", () => {
    const [first] = counted([
      line('1', 'patch', '10:01:00'),
      line('2', 'patch', '10:01:00'),
      line('3', 'patch', '10:01:00', { username: `${NAMESPACE}:kubelet-sysctl-coordinator` }),
      line('4', 'create', '10:01:00', { resource: 'events' }),
    ]);
    expect(first).toEqual({
      agents: 3,
      coordinator: 1,
      refused: 0,
      kinds: { 'agent create events/part': 1, 'agent patch nodes': 2, 'coordinator patch nodes': 1 },
    });
  });

  it('say how many the API server refused for now', () => {
    const all = counted([
      line('1', 'list', '10:01:00', { code: 429 }),
      line('2', 'list', '10:01:01', { code: 200 }),
      line('3', 'list', '10:06:00', { code: 404 }),
    ]);
    expect(all.map(({ refused }) => refused)).toEqual([1, 0]);
  });

  it('do not count when from other accounts or times, or truncated', () => {
    const all = counted([
      line('1', 'list', '10:01:00', { username: 'kubernetes-admin' }),
      line('2', 'list', '09:59:59'),
      line('3', 'list', '10:05:00'),
      line('4', 'list', '10:01:00').slice(0, -4),
    ]);
    expect(all.map(({ agents, coordinator }) => agents + coordinator)).toEqual([0, 0]);
  });
});
