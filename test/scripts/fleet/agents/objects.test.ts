import { describe, expect, it } from 'vitest';
import { nodeObject } from '../../../../scripts/fleet/agents/objects.ts';

describe('a simulated Node', () => {
  it('is as large as a Node in production', () => {
    const bytes = JSON.stringify(nodeObject('node-00001', 0)).length;
    expect(bytes).toBeGreaterThan(6000);
    expect(bytes).toBeLessThan(16_000);
  });

  it('differs from every other Node', () => {
    const nodes = [0, 1, 256, 65_536].map((index) => JSON.stringify(nodeObject('n', index)));
    expect(new Set(nodes).size).toBe(nodes.length);
  });
});
