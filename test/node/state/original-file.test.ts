import { describe, expect, it } from 'vitest';
import { type FileChange, originalsAfter, originalsOf } from '../../../agent/node/state/original-file.ts';
import { sha256Of } from '../../../agent/text/hash.ts';

const FILE = '/etc/default/kubelet';
const FIRST = Buffer.from('KUBELET_EXTRA_ARGS=\n');
const OURS = Buffer.from('KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n');
const LATER = Buffer.from('KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n');
const THEIRS = Buffer.from('KUBELET_EXTRA_ARGS=--v=2\n');

const CHANGE: FileChange = {
  file: FILE,
  variable: 'KUBELET_EXTRA_ARGS',
  before: FIRST,
  after: OURS,
  remember: { ours: ['net.core.somaxconn'], folded: [] },
  carried: undefined,
  isCleaned: false,
};

describe('the original bytes of a file', () => {
  const first = originalsAfter({}, CHANGE) ?? [];
  const state = { originals: first, lastChange: 'then' };

  it('are the bytes before the first change, with what the change applied', () => {
    expect(first).toEqual([
      {
        file: FILE,
        bytes: FIRST.toString('base64'),
        left: sha256Of(OURS),
        applied: ['net.core.somaxconn'],
      },
    ]);
  });

  it('may be that there was no file', () => {
    expect(originalsAfter({}, { ...CHANGE, before: undefined })?.[0]?.bytes).toBeNull();
  });

  it('stay the same over further changes by the agent', () => {
    const remember = { ours: ['kernel.sem'], folded: [] };
    expect(originalsAfter(state, { ...CHANGE, before: OURS, after: LATER, remember })).toEqual([
      { ...first[0], left: sha256Of(LATER), applied: ['kernel.sem'] },
    ]);
  });

  it('no longer match once another party has written the file', () => {
    const [entry] = originalsAfter(state, { ...CHANGE, before: THEIRS, after: LATER }) ?? [];
    expect(entry?.bytes).toBe(FIRST.toString('base64'));
    expect(entry?.left).not.toBe(sha256Of(LATER));
  });

  it('match again once another party has put them back', () => {
    expect(originalsAfter(state, { ...CHANGE, after: LATER })?.[0]?.left).toBe(sha256Of(LATER));
  });

  it('are kept for each file that was written', () => {
    const both = originalsAfter(state, { ...CHANGE, file: '/other', before: THEIRS });
    expect(both?.map(({ file, bytes }) => [file, bytes])).toEqual([
      [FILE, FIRST.toString('base64')],
      ['/other', THEIRS.toString('base64')],
    ]);
  });

  it('are saved apart for each variable of one file', () => {
    const flags = { ...CHANGE, variable: 'KUBELET_FLAGS', before: OURS, after: LATER };
    const both = originalsAfter(state, flags) ?? [];
    expect(both.map(({ variable, bytes }) => [variable, bytes])).toEqual([
      [undefined, FIRST.toString('base64')],
      ['KUBELET_FLAGS', OURS.toString('base64')],
    ]);
  });

  it('are forgotten with the change that cleans the file', () => {
    expect(originalsAfter(state, { ...CHANGE, before: OURS, after: FIRST, isCleaned: true })).toEqual([]);
  });

  it('are not saved for a file that a plan left as it was, and what its line repeats is', () => {
    const carried = { origin: 'KUBELET_EXTRA_ARGS in Environment= of kubelet.service', value: '--v=4' };
    const same = { ...CHANGE, before: OURS, carried };
    expect(originalsAfter(state, same)).toEqual([{ ...first[0], carried }]);
    expect(originalsAfter({ originals: [] }, same)).toEqual([]);
  });

  it('are read from the state of an agent that saved one file', () => {
    const original = { file: FILE, bytes: null, left: null };
    expect(originalsOf({ original, lastChange: 'then' })).toEqual([original]);
  });

  it('are unknown when a change was made before the agent saved originals', () => {
    expect(originalsAfter({ lastChange: 'then' }, { ...CHANGE, before: OURS, after: LATER })).toBeUndefined();
  });
});
