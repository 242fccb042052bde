// A disk that is full, or that may only be read, at each write of a change.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readOnly, smallDisk } from './disk.ts';
import { hostLook, PLACES } from './host-look.ts';
import { printFigures } from './length.ts';
import { begin, surelyCutAt } from './round.ts';
import { healthz, listInFile, openSubject, type Subject } from './subject.ts';

const BAD = /and was rolled back: .*(?:ENOSPC|EROFS)/u;
/** Enough for a change to fail, and for what it has begun to be taken back. */
const FAILS_MS = 4000;
/** Each file of the agent's own takes one or two. */
const MOST_PAGES = 6;

describe.concurrent('a disk', () => {
  it("that is full where the kubelet's file is fails the change, and nothing else", async () => {
    await using subject = await openSubject('n1');
    await using disk = await smallDisk(subject.node, '/etc/default', 4);
    await disk.fill(0);
    const invocation = invocationOf(subject);
    const round = await begin(subject);

    expect(await subject.awaitRight(round, (reason) => BAD.test(reason))).toBe(round.old);
    expect(invocationOf(subject)).toBe(invocation);

    await disk.free();
    const again = await begin(subject);
    expect(await subject.awaitRight(again)).toBe(again.next);
  });

  it('that is full where the agent keeps its own files, at whichever of them, stops a change until there is room', async () => {
    await using subject = await openSubject('n2');
    const { node } = subject;
    const ends: string[] = [];
    await using disk = await smallDisk(node, PLACES.folder, 24);
    for (let pages = 0; pages <= MOST_PAGES; pages += 1) {
      await node.remove(PLACES.script);
      await disk.fill(pages);
      const round = await begin(subject);
      await sleep(FAILS_MS);
      const list = listInFile(node, round);
      const open = hostLook(node.bedNode).exists(PLACES.journal);
      ends.push(list === round.old ? 'not begun' : open ? 'not committed' : 'done');
      expect(await healthz(node)).toContain('200 OK');
      await disk.free();
      await subject.awaitRight(round);
    }
    expect(ends).toEqual(expect.arrayContaining(['not begun', 'not committed', 'done']));
    printFigures('disk full at each own file', { pages: ends.length, ends: [...new Set(ends)].join(' / ') });
  });
});

describe.concurrent('a file system that may only be read', () => {
  it('from before a change: it is not begun', async () => {
    await using subject = await openSubject('n4');
    const { node } = subject;
    const invocation = invocationOf(subject);
    const disk = await readOnly(node, '/etc');
    const round = await begin(subject);
    await node.awaitReport({ what: 'say that it may not write' }, ({ state, reason = '' }) => {
      return state === 'Degraded' && /EROFS|[Rr]ead-only/u.test(reason);
    });
    expect(listInFile(node, round)).toBe(round.old);
    expect(invocationOf(subject)).toBe(invocation);
    expect(hostLook(node.bedNode).exists(PLACES.journal)).toBe(false);

    await disk[Symbol.asyncDispose]();
    expect(await subject.awaitRight(round)).toBe(round.next);
  });

  it('from the middle of a change: what it leaves in /etc goes as soon as that may be written', async () => {
    await using subject = await openSubject('n3');
    const { node } = subject;
    let disk: Promise<AsyncDisposable> | undefined;
    const round = await surelyCutAt(subject, 'the file is replaced', () => {
      disk = readOnly(node, '/etc');
    });
    const made = await disk;
    await sleep(FAILS_MS);
    listInFile(node, round);
    expect(await healthz(node)).toContain('200 OK');
    await made?.[Symbol.asyncDispose]();
    expect(await subject.awaitRight(round)).toBe(round.next);
  });
});

function invocationOf({ node }: Subject): string | undefined {
  return hostLook(node.bedNode).link(PLACES.invocation);
}
