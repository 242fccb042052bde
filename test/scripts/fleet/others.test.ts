import { describe, expect, it } from 'vitest';
import { WAVE_LABEL, nodeObject } from '../../../scripts/fleet/agents/objects.ts';
import { nodesUntil } from '../../../scripts/fleet/others.ts';

describe('ten waves', () => {
  it('change every node once, in the wave of its label', () => {
    const nodes = Array.from({ length: 23 }, (_, index) => JSON.stringify(nodeObject('n', index)));
    for (const wave of [0, 4, 9]) {
      const earlier = Array.from({ length: wave + 1 }, (_, at) => `"${WAVE_LABEL}":"${at}"`);
      const labelled = nodes.filter((text) => earlier.some((label) => text.includes(label)));
      expect(nodesUntil(23, wave)).toBe(labelled.length);
    }
    expect(nodesUntil(23, 9)).toBe(23);
  });
});
