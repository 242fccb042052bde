import { describe, expect, it } from 'vitest';
import { ErrorList } from '../../agent/policy/error-list.ts';
import type { Pace } from '../../agent/policy/policy.ts';
import { DEFAULT_PACE, readSettings } from '../../agent/policy/settings.ts';

const DEFAULTS = {
  mode: 'Enforce',
  paused: false,
  unmanaged: 'Keep',
  inUse: 'Block',
  nodeSoakSeconds: 10,
  openShiftConfigDir: false,
  pace: DEFAULT_PACE,
};

describe('readSettings', () => {
  it('returns safe defaults for absent keys', () => {
    expect(read({})).toEqual({ settings: DEFAULTS, errors: [] });
  });

  it('reads each setting, with blanks around it and true and false in any case', () => {
    const data = {
      mode: 'Observe\n',
      paused: ' True',
      unmanaged: 'Remove',
      inUse: 'Proceed',
      nodeSoakSeconds: '60',
      openShiftConfigDir: 'true',
    };
    expect(read(data).settings).toEqual({
      mode: 'Observe',
      paused: true,
      unmanaged: 'Remove',
      inUse: 'Proceed',
      nodeSoakSeconds: 60,
      openShiftConfigDir: true,
      pace: DEFAULT_PACE,
    });
  });

  it.each<[keyof Pace, string, unknown]>([
    ['rollout', 'Coordinated', 'Coordinated'],
    ['rollout', 'Immediate', 'Immediate'],
    ['maxUnavailable', '3', { kind: 'count', count: 3 }],
    ['maxUnavailable', '1%', { kind: 'percent', percent: 1 }],
    ['maxUnavailable', '100%', { kind: 'percent', percent: 100 }],
    ['failureThreshold', '2', { kind: 'count', count: 2 }],
    ['failureThreshold', ' 5%\n', { kind: 'percent', percent: 5 }],
    ['canary', '0', { kind: 'count', count: 0 }],
    ['canary', '3', { kind: 'count', count: 3 }],
    ['canary', 'pool=canary', { kind: 'selector', labels: { pool: 'canary' } }],
    [
      'canary',
      ' example.com/pool = a.b , stage= \n',
      { kind: 'selector', labels: { 'example.com/pool': 'a.b', stage: '' } },
    ],
    ['soakSeconds', '0', 0],
    ['soakSeconds', '2592000', 2_592_000],
    ['windows', 'Sat 01:00-02:30 UTC', [{ days: [6], start: 60, end: 150, timeZone: 'UTC' }]],
  ])("reads the fleet's pace: %s: %j", (key, value, expected) => {
    const pace = { ...DEFAULT_PACE, [key]: expected };
    expect(read({ [key]: value })).toEqual({ settings: { ...DEFAULTS, pace }, errors: [] });
  });

  it.each([
    ['pool=a=b', /key=value, separated by commas, got "pool=a=b"/u],
    ['pool=a,', /key=value, separated by commas, got ""/u],
    ['pool!=a', /label key/u],
    ['pool=a b', /label value/u],
    ['pool=a,pool=b', /each label once, got "pool" twice/u],
    [`pool=${'a'.repeat(5_000)}`, /at most 2048 characters/u],
  ])('refuses canaries by labels that no node can carry: %j', (canary, message) => {
    expect(read({ canary }).errors).toEqual([
      { key: 'canary', line: 1, message: expect.stringMatching(message) },
    ]);
  });

  it.each([
    ['mode', 'enforce', /Enforce, Observe or Restore.*Did you mean Enforce\?/u],
    ['mode', 'Enforce*', /got "Enforce\*"/u],
    ['mode', '`Enforce`', /Enforce/u],
    ['mode', 'Enforce,Observe', /got "Enforce,Observe"/u],
    ['mode', '', /got nothing/u],
    ['mode', ' \n', /got nothing/u],
    ['mode', 'true', /got "true"/u],
    ['paused', 'yes', /true or false, got "yes"/u],
    ['paused', '1', /true or false/u],
    ['paused', '`true`', /true or false/u],
    ['paused', 'true*', /true or false/u],
    ['paused', 'true,', /true or false/u],
    ['unmanaged', 'Delete', /Keep or Remove/u],
    ['inUse', 'block', /Did you mean Block\?/u],
    ['nodeSoakSeconds', '61', /a whole number of seconds from 0 to 60, got "61"/u],
    ['nodeSoakSeconds', '-1', /from 0 to 60/u],
    ['maxUnavailable', '0', /from 1/u],
    ['maxUnavailable', '0%', /from 1% to 100%/u],
    ['maxUnavailable', '101%', /from 1% to 100%/u],
    ['maxUnavailable', '1.5', /whole number/u],
    ['maxUnavailable', '0x10', /whole number/u],
    ['canary', '-1', /from 0/u],
    ['canary', '1e3', /whole number/u],
    ['canary', '007', /whole number/u],
    ['canary', '99999999999999999999', /whole number/u],
    ['soakSeconds', '5m', /seconds/u],
    ['soakSeconds', 'Infinity', /seconds/u],
    ['soakSeconds', '2592001', /from 0 to 2592000/u],
    ['canary', 'gpu', /labels such as pool=canary, got "gpu"/u],
    ['failureThreshold', '0', /from 1/u],
    ['failureThreshold', '0%', /from 1% to 100%/u],
    ['rollout', 'Paced', /Immediate/u],
  ])('refuses %s: %j and says what is expected', (key, value, message) => {
    const { settings, errors } = read({ [key]: value });
    expect(settings).toBeUndefined();
    expect(errors).toEqual([{ key, line: 1, message: expect.stringMatching(message) }]);
  });

  it('reports every wrong scalar at once', () => {
    const { errors } = read({ mode: 'x', paused: 'x', canary: 'x', windows: 'x' });
    expect(errors.map(({ key }) => key).toSorted()).toEqual(['canary', 'mode', 'paused', 'windows']);
  });

  it('leaves the process environment alone', () => {
    const before = { ...process.env };
    read({ mode: 'Observe', paused: 'true' });
    expect(process.env).toEqual(before);
  });
});

function read(data: Record<string, string>) {
  const errors = new ErrorList();
  const settings = readSettings(data, errors);
  return { settings, errors: errors.list() };
}
