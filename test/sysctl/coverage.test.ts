import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverageOf, coveredBy, covers } from '../../agent/sysctl/coverage.ts';
import { normaliseSysctl } from '../../agent/sysctl/normalise.ts';
import { item } from './arbitraries.ts';

describe('covers', () => {
  it.each([
    ['net.*', 'net.core.somaxconn'],
    ['net.*', 'net.core.*'],
    ['net.*', 'net/core/somaxconn'],
    ['net/*', 'net.core.somaxconn'],
    ['net.core.somaxconn', 'net/core/somaxconn'],
    ['net/ipv4/conf/eth0.100/*', 'net.ipv4.conf.eth0/100.forwarding'],
    ['kernel.shm*', 'kernel.shm_rmid_forced'],
    ['kernel.shm*', 'kernel.shm'],
    ['kernel.sem*', 'kernel.sem'],
    ['kernel.sem*', 'kernel.sem*'],
  ])('%s covers %s', (allowance, other) => {
    expect(covers(allowance, other)).toBe(true);
  });

  it.each([
    ['net.core.*', 'net.*'],
    ['net.core.somaxconn', 'net.core.somaxconn*'],
    ['net.core.somaxconn', 'net.core.somaxconn2'],
    ['net.*', 'network.x'],
    ['net.*', 'net'],
    ['kernel.shm', 'kernel.shmmax'],
    ['kernel.msg*', 'kernel.shmmax'],
    ['net/ipv4.conf/*', 'net.ipv4.conf.all'],
  ])('%s does not cover %s', (allowance, other) => {
    expect(covers(allowance, other)).toBe(false);
  });

  it('lets a pattern cover every pattern and every name that begins with its stem', () => {
    fc.assert(
      fc.property(item, fc.nat(), fc.nat(), (text, first, second) => {
        const name = text.replaceAll('*', '');
        const [shorter, longer] = [first, second]
          .map((cut) => cut % (name.length + 1))
          .toSorted((a, b) => a - b);
        const pattern = `${name.slice(0, shorter)}*`;
        expect(covers(pattern, `${name.slice(0, longer)}*`)).toBe(true);
        expect(covers(pattern, name)).toBe(true);
      }),
    );
  });

  it('lets every allowance cover itself, in either spelling', () => {
    fc.assert(
      fc.property(item, (allowance) => {
        expect(covers(allowance, allowance)).toBe(true);
        expect(covers(normaliseSysctl(allowance), allowance)).toBe(true);
      }),
    );
  });
});

it('lets a list cover what one of its allowances covers, and an empty list nothing', () => {
  expect(coveredBy(['kernel.sem', 'net.*'], 'net.core.somaxconn')).toBe(true);
  expect(coveredBy(['kernel.sem', 'net.core.*'], 'net.ipv4.tcp_rmem')).toBe(false);
  expect(coveredBy([], 'net.core.somaxconn')).toBe(false);
});

it('gives the same answer from coverageOf as from coveredBy', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 8 }), fc.array(item), (list, others) => {
      const asked = [...others, ...list, ...list.map(normaliseSysctl), ...list.map((one) => `${one}x`)];
      expect(asked.map(coverageOf(list))).toEqual(asked.map((other) => coveredBy(list, other)));
    }),
  );
});
