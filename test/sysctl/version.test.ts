import { describe, expect, it } from 'vitest';
import { version } from './versions.ts';
import { compareVersions, formatVersion, isAtLeast, parseVersion } from '../../agent/sysctl/version.ts';

describe('parseVersion', () => {
  it.each([
    ['v1.37.2', '1.37.2'],
    ['1.37', '1.37.0'],
    ['Kubernetes v1.37.2\n', '1.37.2'],
    ['1.37.2-gke.1', '1.37.2'],
    ['v1.30.4+k3s1', '1.30.4'],
    ['v1.37.0-alpha.1.5+abc', '1.37.0'],
    ['6.1.0-18-amd64', '6.1.0'],
    ['6.6.87.2-microsoft-standard-WSL2', '6.6.87'],
    ['3.10.0-1160.el7.x86_64', '3.10.0'],
  ])('reads %j as %s', (text, expected) => {
    const parsed = parseVersion(text);
    expect(parsed && formatVersion(parsed)).toBe(expected);
  });

  it.each(['', '1', 'v', 'latest', '1.x', '1.37.x', '1.37.2 or so', '-1.2.3', '1.37.', '99999999999.1'])(
    'returns undefined for %j, which is not a version',
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );
});

it('compares versions number by number', () => {
  const versions = ['1.9.9', '1.10.0', '1.10.1', '2.0.0'].map(version);
  for (const [index, one] of versions.entries()) {
    for (const [other, against] of versions.entries()) {
      expect(Math.sign(compareVersions(one, against))).toBe(Math.sign(index - other));
    }
  }
});

it('counts a minor version as at least itself', () => {
  expect(isAtLeast({ major: 1, minor: 37, patch: 0 }, 1, 37)).toBe(true);
  expect(isAtLeast({ major: 1, minor: 36, patch: 9 }, 1, 37)).toBe(false);
});
