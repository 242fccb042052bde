import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadOf } from '../../../../scripts/bench/report/statistics.ts';

describe('a spread', () => {
  it('has the middle of an odd count as its median, and the mean of the two middles of an even one', () => {
    expect(spreadOf([30, 10, 20])).toEqual({ count: 3, median: 20, min: 10, max: 30 });
    expect(spreadOf([40, 10, 20, 30])).toEqual({ count: 4, median: 25, min: 10, max: 40 });
  });

  it('has as many values below its median as above', () => {
    assert(
      property(array(integer(), { minLength: 1 }), (values) => {
        const { median, min, max } = spreadOf(values);
        const below = values.filter((value) => value < median).length;
        const above = values.filter((value) => value > median).length;
        expect(below).toBeLessThanOrEqual(values.length / 2);
        expect(above).toBeLessThanOrEqual(values.length / 2);
        expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
    );
  });

  it('throws when there is no value', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});
