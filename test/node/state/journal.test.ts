import { createHash } from 'node:crypto';
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Journal, parseJournal, printJournal } from '../../../agent/node/state/journal.ts';

const JOURNAL: Journal = {
  unit: 'kubelet.service',
  invocation: '00000000000000000000000000000001',
  file: '/etc/default/kubelet',
  before: Buffer.from('KUBELET_EXTRA_ARGS=--v=3\n'),
  after: 'b'.repeat(64),
  flag: { before: undefined, after: '--allowed-unsafe-sysctls=net.core.somaxconn' },
  healthz: { address: '127.0.0.1', port: 10_248 },
  desired: ['net.core.somaxconn'],
  nodeSoakSeconds: 10,
  situation: '0123456789abcdef',
  past: {
    at: '2026-11-24T02:00:00.000Z',
    reason: 'Adds net.core.somaxconn.',
    revision: 'b6b9734149',
    resourceVersion: '4711',
    file: '/etc/default/kubelet',
    before: 'a'.repeat(64),
    after: 'b'.repeat(64),
    from: [],
    to: ['net.core.somaxconn'],
  },
  remembered: { lastApplied: { ours: [], folded: [] }, appliedRevision: 'c5cfc1c5f5' },
  lastApplied: { ours: ['net.core.somaxconn'], folded: [] },
};

describe('a journal', () => {
  test.each([
    ['with the old bytes', JOURNAL],
    ['of a change that makes the file', { ...JOURNAL, before: undefined }],
    ['of a change that empties it', { ...JOURNAL, before: Buffer.alloc(0) }],
    ['of a change that removes it', { ...JOURNAL, after: null }],
    ['of a kubelet without healthz', { ...JOURNAL, healthz: null }],
    ['with the original', { ...JOURNAL, original: { file: '/f', bytes: null, left: null } }],
  ])('%s is parsed to what was printed', (_title, journal) => {
    expect(parseJournal(printJournal(journal))).toEqual(journal);
  });

  test('keeps any bytes of the file, and any reason', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.json(), (before, reason) => {
        const journal = { ...JOURNAL, before: Buffer.from(before), past: { ...JOURNAL.past, reason } };
        const read = parseJournal(printJournal(journal));
        expect(Buffer.compare(read.before ?? Buffer.alloc(0), journal.before)).toBe(0);
        expect(read.past.reason).toBe(reason);
      }),
    );
  });

  test('is refused with any bit flipped', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), (at, bit) => {
        const bytes = Buffer.from(printJournal(JOURNAL));
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(() => parseJournal(bytes.toString())).toThrow(/Expected/u);
      }),
    );
  });

  test('is refused when it is truncated anywhere', () => {
    const text = printJournal(JOURNAL);
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), (at) => {
        expect(() => parseJournal(text.slice(0, at))).toThrow(/SHA-256/u);
      }),
    );
  });

  test('is refused when it has another version, and the error names the version', () => {
    const body = printJournal(JOURNAL)
      .replace(/sha256 \w+\n$/u, '')
      .replace('change 1', 'change 2');
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(() => parseJournal(`${body}sha256 ${sha256}\n`)).toThrow(/got kubelet-sysctl-agent change 2/u);
  });

  test('is not written when its path has a line break, since the host’s script reads lines', () => {
    expect(() => printJournal({ ...JOURNAL, file: '/etc/a\nbefore none' })).toThrow(/one line/u);
  });
});
