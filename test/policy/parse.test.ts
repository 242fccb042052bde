import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectPolicy, parsePolicy } from '../../agent/policy/parse.ts';
import type { Policy, PolicyError } from '../../agent/policy/policy.ts';
import { item } from '../sysctl/arbitraries.ts';
import { version } from '../sysctl/versions.ts';

const LIST = 'allowedUnsafeSysctls';

describe('the list of names', () => {
  it('accepts names one a line or comma-separated, comments, blank lines, \\r\\n and a trailing comma', () => {
    const text = [
      '# for the proxies',
      'net.core.somaxconn   # backlog',
      '',
      '\t kernel.shm*, kernel.msg* ,  # both',
      'net.core.somaxconn#again',
    ].join('\r\n');
    expect(policyOf({ [LIST]: text }).entries).toEqual([
      { pattern: 'net.core.somaxconn', key: LIST, line: 2 },
      { pattern: 'kernel.shm*', key: LIST, line: 4 },
      { pattern: 'kernel.msg*', key: LIST, line: 4 },
      { pattern: 'net.core.somaxconn', key: LIST, line: 5 },
    ]);
  });

  it('keeps the * at the end of the last name', () => {
    expect(policyOf({ [LIST]: 'net.*' }).entries).toMatchObject([{ pattern: 'net.*' }]);
  });

  it('reads the same names from every layout', () => {
    const name = fc.stringMatching(/^net\.[a-z0-9]{1,8}\*?$/u);
    const separator = fc.constantFrom(',', ', ', '\n', ' # a, b\n', ',\r\n', '\n\n#\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, separator), { minLength: 1, maxLength: 20 }), (pairs) => {
        const { entries } = policyOf({ [LIST]: pairs.flat().join('') });
        expect(entries.map(({ pattern }) => pattern)).toEqual(pairs.map(([written]) => written));
      }),
    );
  });

  it('reports every invalid item at once, each with its line and fix', () => {
    const errors = errorsOf({
      [LIST]: 'net.core.somaxconn\nkernel.*, vm.max_map_count\n\nnet.a,,net.b\nNET.a',
    });
    expect(errors).toEqual([
      { key: LIST, line: 2, message: expect.stringMatching(/too wide/u) },
      { key: LIST, line: 2, message: expect.stringMatching(/not namespaced/u) },
      { key: LIST, line: 4, message: expect.stringMatching(/empty item/u) },
      { key: LIST, line: 5, message: expect.stringMatching(/Write net\.a/u) },
    ]);
  });

  it("checks the profiles' names as well, with their lines in the YAML", () => {
    const profiles =
      '- name: a\n  nodeSelector: {a: b}\n  allowedUnsafeSysctls: |\n    net.a\n    vm.swappiness';
    expect(errorsOf({ [LIST]: 'net.*', profiles })).toEqual([
      { key: 'profiles', line: 5, message: expect.stringMatching(/not namespaced/u) },
    ]);
  });

  it('accepts a name that only the newest kubelet knows', () => {
    expect(policyOf({ [LIST]: 'user.*' }).entries).toHaveLength(1);
  });

  it('refuses a name that the given older kubelet does not know', () => {
    const { entries, result } = inspectPolicy({ [LIST]: 'user.*' }, version('1.36.3'));
    expect(result).toMatchObject({ ok: false, errors: [{ key: LIST, line: 1 }] });
    expect(entries).toHaveLength(1);
  });

  it('refuses more names than a command line and a Node can hold', () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `net.ipv4.name${index}`).join('\n');
    expect(errorsOf({ [LIST]: names })).toEqual([
      { key: '', line: 1, message: expect.stringMatching(/at most 32768 characters/u) },
    ]);
    expect(policyOf({ [LIST]: 'net.ipv4.name\n'.repeat(5_000) }).entries).toHaveLength(5_000);
  });
});

describe('a ConfigMap without an allowance', () => {
  it.each<Record<string, string>>([
    {},
    { paused: 'true' },
    { [LIST]: '' },
    { [LIST]: '# net.core.somaxconn\n\n' },
    { profiles: '' },
    { profiles: '[]' },
    { [LIST]: '', profiles: '- name: a\n  nodeSelector: {a: b}\n  allowedUnsafeSysctls: []' },
  ])('is an error whose fix is mode: Restore: %j', (data) => {
    expect(errorsOf(data)).toEqual([
      { key: expect.any(String), line: 1, message: expect.stringMatching(/mode: Restore/u) },
    ]);
  });

  it.each<Record<string, string>>([{ mode: 'Restore' }, { mode: 'Restore', [LIST]: '# none' }])(
    'is valid with mode Restore: %j',
    (data) => {
      expect(policyOf(data)).toMatchObject({ entries: [], settings: { mode: 'Restore' } });
    },
  );

  it('is no extra error when its mode misspells Restore or its list is invalid', () => {
    expect(errorsOf({ mode: 'restore' }).map(({ key }) => key)).toEqual(['mode']);
    expect(errorsOf({ profiles: '[' }).map(({ key }) => key)).toEqual(['profiles']);
  });
});

describe('unknown keys', () => {
  it.each([
    ['allowedUnsafeSysctl', /Did you mean allowedUnsafeSysctls\?/u],
    ['allowedUnsafeSystcls', /Did you mean allowedUnsafeSysctls\?/u],
    ['Mode', /Did you mean mode\?/u],
    ['in-use', /Did you mean inUse\?/u],
    ['sysctls.conf', /The keys are allowedUnsafeSysctls, profiles, mode/u],
    ['constructor', /The keys are/u],
    ['__proto__', /The keys are/u],
  ])('are errors that name the known keys: %s', (key, fix) => {
    const data = Object.fromEntries([
      [LIST, 'net.*'],
      [key, 'a,b'],
    ]);
    expect(errorsOf(data)).toEqual([{ key, line: 1, message: expect.stringMatching(fix) }]);
  });

  it('do not include _example, the documentation in the manifests', () => {
    const policy = parsePolicy({ _example: 'mode: Restore', [LIST]: 'net.*' });
    expect(policy).toMatchObject({ ok: true, policy: { settings: { mode: 'Enforce' } } });
    expect(errorsOf({ _example: 'net.*' })).toMatchObject([{ key: '', line: 1 }]);
  });
});

// With quadratic time these would take minutes instead of a second. The limit leaves room for a busy machine.
const LINEAR_TIME_MS = 60_000;

describe('any ConfigMap', () => {
  it('never throws, and reports at most 50 errors and a count of the rest', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(item).map((items) => items.join('\n')),
    );
    const key = fc.oneof(fc.constantFrom(LIST, 'profiles', 'mode', 'canary', '__proto__'), fc.string());
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (pairs) => {
        const result = parsePolicy(Object.fromEntries(pairs));
        const errors = result.ok ? [] : result.errors;
        expect(errors.length).toBeLessThanOrEqual(51);
        expect(result.ok).toBe(errors.length === 0);
        expect(errors.every(({ message, line }) => message !== '' && line >= 1)).toBe(true);
      }),
    );
    const errors = errorsOf({ [LIST]: 'vm.a\n'.repeat(120) });
    expect(errors).toHaveLength(51);
    expect(errors.at(-1)).toEqual({ key: '', line: 1, message: expect.stringMatching(/^and 70 more/u) });
  });

  it.each<[string, Record<string, string>]>([
    ['bad names', { [LIST]: 'A\n'.repeat(500_000) }],
    ['commas', { [LIST]: ','.repeat(1_000_000) }],
    ['nested brackets', { profiles: '['.repeat(250_000) }],
    ['YAML keys', { profiles: Array.from({ length: 25_000 }, (_, index) => `k${index}: v`).join('\n') }],
    ['unknown keys', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, '']))],
    ['a long scalar', { mode: 'E'.repeat(1_000_000) }],
  ])(
    'is refused in linear time and with short errors when it is full of %s',
    (_, data) => {
      expect(JSON.stringify(errorsOf(data)).length).toBeLessThan(30_000);
    },
    LINEAR_TIME_MS,
  );
});

function policyOf(data: Record<string, string>): Policy {
  const result = parsePolicy(data);
  if (!result.ok) {
    throw new Error(`Expected a valid policy, got ${JSON.stringify(result.errors)}.`);
  }
  return result.policy;
}

function errorsOf(data: Record<string, string>): readonly PolicyError[] {
  const result = parsePolicy(data);
  if (result.ok) {
    throw new Error(`Expected errors, got ${JSON.stringify(result.policy)}.`);
  }
  return result.errors;
}
