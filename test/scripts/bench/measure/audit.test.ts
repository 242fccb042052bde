import { describe, expect, it } from 'vitest';
import { countRequests } from '../../../../scripts/bench/measure/audit.ts';

const QUERY = {
  user: 'system:serviceaccount:a:a',
  node: 'n1',
  from: new Date('2026-11-24T10:00:00Z'),
  to: new Date('2026-11-24T10:05:00Z'),
};

function line(id: string, verb: string, at: string, user = QUERY.user, node = 'n1'): string {
  return JSON.stringify({
    auditID: id,
    verb,
    requestReceivedTimestamp: at,
    user: { username: user, extra: { 'authentication.kubernetes.io/node-name': [node] } },
  });
}

describe('requests in an audit log', () => {
  it('count once for any number of stages', () => {
    const watch = line('1', 'watch', '2026-11-24T10:01:00.000000Z');
    expect(countRequests(`${watch}\n${watch}\n`, QUERY)).toEqual({ all: 1, writes: 0 });
  });

  it('that write are counted separately', () => {
    const log = [
      line('1', 'list', '2026-11-24T10:01:00Z'),
      line('2', 'patch', '2026-11-24T10:01:01Z'),
      line('3', 'create', '2026-11-24T10:01:02Z'),
    ];
    expect(countRequests(log.join('\n'), QUERY)).toEqual({ all: 3, writes: 2 });
  });

  it('of other users, nodes or times, and truncated lines, do not count', () => {
    const log = [
      line('1', 'list', '2026-11-24T10:01:00Z', 'admin'),
      line('2', 'list', '2026-11-24T10:01:00Z', QUERY.user, 'n2'),
      line('3', 'list', '2026-11-24T09:59:59Z'),
      line('4', 'list', '2026-11-24T10:05:00Z'),
      line('5', 'list', '2026-11-24T10:01:00Z').slice(0, -4),
    ];
    expect(countRequests(log.join('\n'), QUERY)).toEqual({ all: 0, writes: 0 });
  });
});
