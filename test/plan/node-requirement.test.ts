import { describe, expect, test } from 'vitest';
import { fitsNode, type RequirementExpression } from '../../agent/plan/node-requirement.ts';

const NODE = { name: 'n1', labels: { zone: 'a', gpus: '4', empty: '' } };
const affinity = (...expressions: readonly RequirementExpression[]): boolean =>
  fitsNode({ nodeSelector: {}, terms: [{ labels: expressions, fields: [] }] }, NODE);
const needs = (key: string, operator: string, ...values: readonly string[]): RequirementExpression => ({
  key,
  operator,
  values,
});

describe('a node', () => {
  test('fits a pod that requires nothing, and one whose selector its labels hold', () => {
    expect(fitsNode({ nodeSelector: {}, terms: undefined }, NODE)).toBe(true);
    expect(fitsNode({ nodeSelector: { zone: 'a' }, terms: undefined }, NODE)).toBe(true);
    expect(fitsNode({ nodeSelector: { zone: 'b' }, terms: undefined }, NODE)).toBe(false);
    expect(fitsNode({ nodeSelector: { gone: '' }, terms: undefined }, NODE)).toBe(false);
  });

  test.each<[RequirementExpression, boolean]>([
    [needs('zone', 'In', 'a', 'b'), true],
    [needs('zone', 'In', 'b'), false],
    [needs('gone', 'In', 'a'), false],
    [needs('zone', 'NotIn', 'b'), true],
    [needs('zone', 'NotIn', 'a'), false],
    [needs('gone', 'NotIn', 'a'), true],
    [needs('empty', 'Exists'), true],
    [needs('gone', 'Exists'), false],
    [needs('gone', 'DoesNotExist'), true],
    [needs('zone', 'DoesNotExist'), false],
    [needs('gpus', 'Gt', '3'), true],
    [needs('gpus', 'Gt', '4'), false],
    [needs('gpus', 'Lt', '5'), true],
    [needs('zone', 'Lt', '5'), false],
    [needs('gone', 'Gt', '0'), false],
    [needs('zone', 'NewIn1.40', 'b'), true],
  ])('is judged by an expression as the kubelet does: %j is %s', (expression, fits) => {
    expect(affinity(expression)).toBe(fits);
  });

  test('fits when all expressions of one term match, and never by a term without any', () => {
    expect(affinity(needs('zone', 'Exists'), needs('gpus', 'In', '8'))).toBe(false);
    expect(affinity()).toBe(false);
    expect(fitsNode({ nodeSelector: {}, terms: [] }, NODE)).toBe(false);
    const own = { labels: [], fields: [needs('metadata.name', 'In', 'n1')] };
    const other = { labels: [], fields: [needs('metadata.name', 'In', 'n2')] };
    expect(fitsNode({ nodeSelector: {}, terms: [other, own] }, NODE)).toBe(true);
    expect(fitsNode({ nodeSelector: {}, terms: [other] }, NODE)).toBe(false);
  });
});
