import { describe, expect, it } from 'vitest';
import { originalAfter } from '../../../agent/node/state/original-file.ts';
import { sha256Of } from '../../../agent/text/hash.ts';

const FILE = '/etc/default/kubelet';
const FIRST = Buffer.from('KUBELET_EXTRA_ARGS=\n');
const OURS = Buffer.from('KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n');
const LATER = Buffer.from('KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n');
const THEIRS = Buffer.from('KUBELET_EXTRA_ARGS=--v=2\n');

describe('the original bytes of the file', () => {
  const first = originalAfter({}, { file: FILE, before: FIRST, after: OURS });

  it('are the bytes before the first change', () => {
    expect(first).toEqual({ file: FILE, bytes: FIRST.toString('base64'), left: sha256Of(OURS) });
  });

  it('may be that there was no file', () => {
    expect(originalAfter({}, { file: FILE, before: undefined, after: OURS })?.bytes).toBeNull();
  });

  it('stay the same over further changes by the agent', () => {
    const original = originalAfter(
      { original: first, lastChange: 'then' },
      { file: FILE, before: OURS, after: LATER },
    );
    expect(original).toEqual({ ...first, left: sha256Of(LATER) });
  });

  it('no longer match once another party has written the file', () => {
    const agentState = { original: first, lastChange: 'then' };
    expect(originalAfter(agentState, { file: FILE, before: THEIRS, after: LATER })?.left).not.toBe(
      sha256Of(LATER),
    );
    expect(originalAfter(agentState, { file: '/other', before: OURS, after: LATER })?.left).not.toBe(
      sha256Of(LATER),
    );
  });

  it('are unknown when a change was made before the agent saved originals', () => {
    expect(originalAfter({ lastChange: 'then' }, { file: FILE, before: OURS, after: LATER })).toBeUndefined();
  });
});
