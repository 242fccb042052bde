// A full or read-only disk, before and during a change.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ReadOnly, readOnly, smallDisk } from './support/change/disk.ts';
import { refuse, refuseNothing, useFaultyKubelet } from '../../scripts/node/faulty-kubelet.ts';
import { hostView, PATHS } from './support/change/host-view.ts';
import { byLength, printFigures } from './support/length.ts';
import { begin, surelyCutAt } from './support/change/round.ts';
import { type Step, STEP_NAMES } from './support/change/steps.ts';
import { healthz } from '../../scripts/node/kubelet.ts';
import { listInFile, openSubject, type Subject } from './support/change/subject.ts';

/** Long enough for a change to fail and to be rolled back. */
const FAILS_MS = 4000;
/** In all of them, or in one before the journal and one after it. */
const STEPS = byLength<readonly Step[]>({
  short: ['the new file is being made ready', 'the file is replaced'],
  long: STEP_NAMES.slice(0, STEP_NAMES.indexOf('the change is remembered')),
});
const anyFailure = (): boolean => true;

describe.concurrent('a disk that becomes full', () => {
  it('at any write of the agent during a change loses nothing, and the change is made when there is room', async () => {
    await using subject = await openSubject('n2');
    const { node } = subject;
    await using disk = await smallDisk(node, PATHS.folder);
    const ends: string[] = [];
    for (const step of STEPS) {
      await node.remove(PATHS.script);
      const round = await surelyCutAt(subject, step, () => disk.fill());
      await sleep(FAILS_MS);
      const replaced = listInFile(node, round) === round.next;
      const open = hostView(node.bedNode).exists(PATHS.journal);
      ends.push(`${replaced ? 'made' : 'not made'}, ${open ? 'open' : 'not open'}`);
      expect(await healthz(node.bedNode)).toContain('200 OK');
      disk.free();
      await checkAgain(subject);
      await subject.awaitRight(round, anyFailure);
    }
    expect(ends).toContain('made, open');
    printFigures("disk full under the agent's files", {
      rounds: ends.length,
      ends: [...new Set(ends)].join('; '),
    });
  });

  it("during the rollback of the kubelet's file is reported, and the rollback is made when there is room", async () => {
    await using subject = await openSubject('n1');
    const { node } = subject;
    await useFaultyKubelet(node);
    await using disk = await smallDisk(node, '/etc/default');
    await refuse(node, subject.peek());
    const round = await surelyCutAt(subject, 'the file is replaced', () => disk.fill());

    const stuck = await node.awaitReport(
      { what: 'say what is to be done by hand' },
      ({ state, reason = '' }) => {
        return state === 'Degraded' && reason.includes('could not be taken out');
      },
    );
    expect(stuck.reason).toMatch(/ENOSPC.*cp \S+ \/etc\/default\/kubelet, then systemctl restart/u);
    expect(listInFile(node, round)).toBe(round.next);

    disk.free();
    expect(await subject.awaitRight(round, anyFailure)).toBe(round.old);
    await refuseNothing(node);
  });
});

describe.concurrent('a read-only file system', () => {
  it('before a change delays it until the file system is writable', async () => {
    await using subject = await openSubject('n4');
    const { node } = subject;
    const invocation = invocationOf(subject);
    await using disk = await readOnly(node, '/etc');
    const round = await begin(subject);
    await node.awaitReport({ what: 'say that it may not write' }, ({ state, reason = '' }) => {
      return state === 'Blocked' && reason.includes('read-only file system');
    });
    expect(listInFile(node, round)).toBe(round.old);
    expect(invocationOf(subject)).toBe(invocation);
    expect(hostView(node.bedNode).exists(PATHS.journal)).toBe(false);

    await disk.lift();
    expect(await subject.awaitRight(round)).toBe(round.next);
  });

  it('during a change leaves files in /etc that are removed when /etc is writable', async () => {
    await using subject = await openSubject('n3');
    const { node } = subject;
    const disks: Promise<ReadOnly>[] = [];
    const round = await surelyCutAt(subject, 'the file is replaced', () => {
      disks.push(readOnly(node, '/etc'));
    });
    await sleep(FAILS_MS);
    const found = listInFile(node, round);
    expect(await healthz(node.bedNode)).toContain('200 OK');
    expect(hostView(node.bedNode).exists(PATHS.bootUnit)).toBe(true);
    for (const disk of disks) await (await disk).lift();
    await checkAgain(subject);
    expect(await subject.awaitRight(round)).toBe(found);
  });
});

/** Makes the agent check again: it does so every minute, and at once after a file event. */
async function checkAgain({ node }: Subject): Promise<void> {
  await node.exec(['touch', '--no-create', node.environmentFile]);
}

function invocationOf({ node }: Subject): string | undefined {
  return hostView(node.bedNode).link(PATHS.invocation);
}
