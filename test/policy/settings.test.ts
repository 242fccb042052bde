import { describe, expect, it } from 'vitest';
import { ErrorList } from '../../agent/policy/error-list.ts';
import { DEFAULT_PACE, readSettings } from '../../agent/policy/settings.ts';

const DEFAULTS = {
  mode: 'Enforce',
  paused: false,
  unmanaged: 'Keep',
  inUse: 'Block',
  nodeSoakSeconds: 10,
  pace: DEFAULT_PACE,
};

describe('readSettings', () => {
  it('has safe defaults', () => {
    expect(read({})).toEqual({ settings: DEFAULTS, errors: [] });
  });

  it('reads each setting, blanks around it and any letter case of true and false too', () => {
    const data = {
      mode: 'Observe\n',
      paused: ' True',
      unmanaged: 'Remove',
      inUse: 'Proceed',
      nodeSoakSeconds: '60',
    };
    expect(read(data).settings).toEqual({
      mode: 'Observe',
      paused: true,
      unmanaged: 'Remove',
      inUse: 'Proceed',
      nodeSoakSeconds: 60,
      pace: DEFAULT_PACE,
    });
  });

  it("reads who sets the fleet's pace", () => {
    const pace = { ...DEFAULT_PACE, rollout: 'Immediate' };
    expect(read({ rollout: 'Immediate' })).toEqual({ settings: { ...DEFAULTS, pace }, errors: [] });
  });

  it.each([
    ['maxUnavailable', '1'],
    ['maxUnavailable', '1%'],
    ['maxUnavailable', '100%'],
    ['canary', '0'],
    ['soakSeconds', '0'],
    ['soakSeconds', '86400'],
    ['failureThreshold', '1'],
    ['rollout', 'Coordinated'],
    ['windows', 'Mon-Fri 22:00-06:00, Sat *'],
  ])("accepts the rollout's %s: %s and keeps it out of the settings", (key, value) => {
    expect(read({ [key]: value })).toEqual({ settings: DEFAULTS, errors: [] });
  });

  it.each([
    ['mode', 'enforce', /Enforce, Observe or Restore.*did you mean Enforce\?/u],
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
    ['inUse', 'block', /did you mean Block\?/u],
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
    ['failureThreshold', '0', /from 1/u],
    ['rollout', 'Paced', /Immediate/u],
  ])('refuses %s: %j and says what is expected', (key, value, message) => {
    const { settings, errors } = read({ [key]: value });
    expect(settings).toBeUndefined();
    expect(errors).toEqual([{ key, line: 1, message: expect.stringMatching(message) }]);
  });

  it('reports every wrong scalar at once', () => {
    const { errors } = read({ mode: 'x', paused: 'x', canary: 'x' });
    expect(errors.map(({ key }) => key)).toEqual(['mode', 'paused', 'canary']);
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
