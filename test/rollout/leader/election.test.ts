import { afterEach, describe, expect, it } from 'vitest';
import { takePart, type Election } from '../../../agent/rollout/leader/election.ts';
import { FakeTime, settle } from '../fake-clock.ts';
import type { LeaseStore, Lease } from '../../../agent/rollout/ports.ts';

/** An API server with one Lease; a member may be cut off from it, or get no answers. */
class FakeServer {
  lease: Lease | undefined;
  readonly away = new Set<string>();
  readonly unanswered = new Set<string>();
  writes = 0;
  reads = 0;

  storeFor(name: string): LeaseStore {
    const reach = async (): Promise<void> => {
      await settle();
      if (this.away.has(name)) throw new Error('The API server is away');
    };
    return {
      read: async () => {
        await reach();
        this.reads += 1;
        return this.lease;
      },
      write: async ({ record, resourceVersion }) => {
        await reach();
        if (this.lease?.resourceVersion !== resourceVersion) throw new Error('Conflict');
        this.writes += 1;
        this.lease = { record, resourceVersion: String(this.writes) };
        if (this.unanswered.has(name)) throw new Error('No answer');
        return this.lease;
      },
    };
  }
}

interface Candidate {
  readonly election: Election;
  /** The calls of onLeading and onLost, in order. */
  readonly calls: string[];
}

const elections: Election[] = [];
afterEach(async () => {
  await Promise.all(elections.splice(0).map((election) => election.stop()));
});

function join(server: FakeServer, time: FakeTime, name: string, skewMs = 0): Candidate {
  const calls: string[] = [];
  const election = takePart(
    {
      lease: server.storeFor(name),
      clock: time.clock(skewMs),
      log: { info: () => undefined, warn: () => undefined },
      random: () => 0.5,
    },
    {
      identity: name,
      onLeading: () => calls.push('leads'),
      onLost: () => calls.push('lost'),
      onKnown: () => undefined,
    },
  );
  elections.push(election);
  return { election, calls };
}

/** A leader whose last renewal succeeded without an answer. */
async function leaderWithoutAnswer(server: FakeServer, time: FakeTime): Promise<Candidate> {
  const leader = join(server, time, 'a');
  await time.pass(3000);
  server.unanswered.add('a');
  await time.pass(3000);
  server.unanswered.clear();
  return leader;
}

describe('an election', () => {
  it('keeps one leader among three members', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    const members = [join(server, time, 'a'), join(server, time, 'b'), join(server, time, 'c')];
    await time.pass(120_000);
    expect(members.flatMap(({ calls }) => calls)).toEqual(['leads']);
    expect(server.lease?.record.transitions).toBe(0);
    expect(server.writes).toBeLessThanOrEqual(120 / 5 + 1);
    // Each read once at its start, and the two candidates every six seconds since.
    expect(server.reads).toBeLessThanOrEqual(3 + 2 * (120 / 6));
  });

  it('elects another leader when the leader has not renewed for 15 s, and not before', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    const first = join(server, time, 'a');
    await time.pass(5000);
    const second = join(server, time, 'b');
    await time.pass(5000);
    server.away.add('a');
    const silentSince = time.ms;
    while (second.calls.length === 0) await time.pass(100);
    expect(time.ms - silentSince).toBeGreaterThan(12_900);
    expect(time.ms - silentSince).toBeLessThan(15_000 + 7100);
    expect(first.calls).toEqual(['leads', 'lost']);
    expect(server.lease?.record).toMatchObject({ holder: 'b', transitions: 1 });
  });

  it('stops a leader that cannot renew before another one may begin, and never has two leaders', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    // Wall clocks may differ by hours.
    const members = [
      join(server, time, 'a', -7_200_000),
      join(server, time, 'b', 7_200_000),
      join(server, time, 'c'),
    ];
    const leading = (): number => members.filter(({ election }) => election.isLeading()).length;
    let worst = 0;
    let leaderless = 0;
    for (let turn = 0; turn < 12; turn += 1) {
      const holder = server.lease?.record.holder ?? '';
      if (turn % 2 === 0) server.away.add(holder);
      else server.away.clear();
      await time.pass(20_000, () => {
        worst = Math.max(worst, leading());
        leaderless += leading() === 0 ? 1 : 0;
      });
    }
    expect(worst).toBe(1);
    expect(leaderless).toBeGreaterThan(0);
    expect(server.lease?.record.transitions).toBeGreaterThan(3);
  });

  it('lets another member lead at its next try when the leader has stopped', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    const first = join(server, time, 'a');
    await time.pass(1000);
    const second = join(server, time, 'b');
    await time.pass(10_000);
    await first.election.stop();
    expect(server.lease?.record.holder).toBe('');
    expect(first.election.isLeading()).toBe(false);
    await time.pass(7000);
    expect(second.calls).toEqual(['leads']);
  });

  it('lets another member lead although the stopped leader got no answer to its last renewal', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    const first = await leaderWithoutAnswer(server, time);
    await first.election.stop();
    expect(server.lease?.record.holder).toBe('');
  });

  it('keeps leading after a renewal that succeeded without an answer', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    const only = await leaderWithoutAnswer(server, time);
    await time.pass(20_000);
    expect(only.calls).toEqual(['leads']);
    expect(server.lease?.record.transitions).toBe(0);
  });

  it('begins a new term when a member leads again after it could not renew', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    const only = join(server, time, 'a');
    await time.pass(3000);
    server.away.add('a');
    await time.pass(11_000);
    expect(only.calls).toEqual(['leads', 'lost']);
    server.away.clear();
    await time.pass(10_000);
    expect(only.calls).toEqual(['leads', 'lost', 'leads']);
  });

  it('does not lead when stopped in the middle of its claim', async () => {
    const [server, time] = [new FakeServer(), new FakeTime()];
    const only = join(server, time, 'a');
    await only.election.stop();
    await time.pass(20_000);
    expect(only.calls).toEqual([]);
    expect(server.lease?.record.holder ?? '').toBe('');
  });
});
