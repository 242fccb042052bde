import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStory, type Story } from '../../../scripts/demo/story.ts';

/** Returns a story without a terminal, and its output. */
function recorded(kubectl?: string): { readonly story: Story; readonly text: () => string } {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const story = createStory({ stream, ...(kubectl === undefined ? {} : { kubectl }) });
  return { story, text: () => text };
}

describe('a story without a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('numbers its chapters and uses no colour', () => {
    const { story, text } = recorded();
    story.chapter('One');
    story.chapter('Two');
    expect(text()).toBe('\n1  One\n\n2  Two\n');
  });

  it('shows the kubectl command line of the cluster, and changes no other word', () => {
    const { story, text } = recorded('kubectl --context kind');
    story.typed('kubectl get nodes');
    story.typed('scripts/kubectl-x kubectl');
    expect(text()).toBe('\n  $ kubectl --context kind get nodes\n\n  $ scripts/kubectl-x kubectl\n');
  });

  it('prints only the end of a quick step, with its time in a column', async () => {
    const { story, text } = recorded();
    await story.step('Short', async () => {
      await vi.advanceTimersByTimeAsync(1200);
    });
    await story.step('Somewhat longer', async () => {
      await vi.advanceTimersByTimeAsync(300);
    });
    const lines = text().trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ {2}✓ Short +1\.2 s$/);
    expect(lines[1]).toMatch(/^ {2}✓ Somewhat longer +0\.3 s$/);
    expect(lines[0]?.length).toBe(lines[1]?.length);
  });

  it('prints a heartbeat of a slow step, with its last note', async () => {
    const { story, text } = recorded();
    await story.step('Slow', async (note) => {
      note('half of it');
      await vi.advanceTimersByTimeAsync(31_000);
    });
    expect(text()).toMatch(
      /^ {2}… Slow\n {2}… Slow {2}15 s: half of it\n {2}… Slow {2}30 s: half of it\n {2}✓ Slow +31\.0 s\n$/,
    );
  });

  it('marks a failed step and rethrows its error', async () => {
    const { story, text } = recorded();
    await expect(story.step('Work', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(text()).toMatch(/^ {2}✗ Work +0\.0 s\n$/);
  });
});
