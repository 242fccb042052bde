import { createHash } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Journal, parseJournal, printJournal } from '../../agent/node/journal.ts';

const JOURNAL: Journal = {
  unit: 'kubelet.service',
  invocation: '00000000000000000000000000000001',
  file: '/etc/default/kubelet',
  before: Buffer.from('KUBELET_EXTRA_ARGS=--v=3\n'),
  after: 'b'.repeat(64),
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
  ])('%s is read as it was written', (_title, journal) => {
    expect(parseJournal(printJournal(journal))).toEqual(journal);
  });

  test.prop([fc.uint8Array(), fc.string({ unit: 'binary' })])(
    'keeps any bytes of the file, and any reason',
    (before, reason) => {
      const journal = { ...JOURNAL, before: Buffer.from(before), past: { ...JOURNAL.past, reason } };
      expect(parseJournal(printJournal(journal))).toEqual(journal);
    },
  );

  test.prop([fc.nat(), fc.nat({ max: 7 })])('with a bit flipped anywhere is refused', (at, bit) => {
    const bytes = Buffer.from(printJournal(JOURNAL));
    const index = at % bytes.length;
    bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
    expect(() => parseJournal(bytes.toString())).toThrow(/Expected/u);
  });

  test.prop([fc.nat()])('cut off anywhere is refused', (at) => {
    const text = printJournal(JOURNAL);
    expect(() => parseJournal(text.slice(0, at % text.length))).toThrow(/SHA-256/u);
  });

  test('of another version is refused, and says which', () => {
    const body = printJournal(JOURNAL)
      .replace(/sha256 \w+\n$/u, '')
      .replace('change 1', 'change 2');
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(() => parseJournal(`${body}sha256 ${sha256}\n`)).toThrow(/got kubelet-sysctl-agent change 2/u);
  });

  test('whose path has a line break is not written: the script on the host reads it by lines', () => {
    expect(() => printJournal({ ...JOURNAL, file: '/etc/a\nbefore none' })).toThrow(/one line/u);
  });
});
