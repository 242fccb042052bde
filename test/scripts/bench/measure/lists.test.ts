import { describe, expect, it } from 'vitest';
import { listed, toggledInFile } from '../../../../scripts/bench/measure/lists.ts';

describe('a hand edit', () => {
  const file = `# ours\nKUBELET_EXTRA_ARGS='--v=2 --allowed-unsafe-sysctls=net.core.somaxconn --max-pods=60'\n`;

  it('adds the name, and the next one removes it', () => {
    const first = toggledInFile(file, 'net.ipv4.a');
    expect(first.present).toBe(true);
    expect(first.content).toContain('=net.core.somaxconn,net.ipv4.a --max-pods=60');
    expect(toggledInFile(first.content, 'net.ipv4.a')).toEqual({ content: file, present: false });
  });

  it('needs a list to edit', () => {
    expect(() => toggledInFile('KUBELET_EXTRA_ARGS=--v=2\n', 'net.ipv4.a')).toThrow(Error);
  });
});

describe('an annotation', () => {
  it('without text is an empty list', () => {
    expect([listed(undefined), listed(''), listed('a,b')]).toEqual([[], [], ['a', 'b']]);
  });
});
