import { expect, test } from 'vitest';
import { hostSystemd } from '../../agent/host/systemd.ts';
import type { UnitStatus } from '../../agent/node/ports.ts';

function statusOf(properties: Readonly<Record<string, unknown>>): Promise<UnitStatus> {
  const all = {
    LoadState: 'loaded',
    ActiveState: 'active',
    SubState: 'running',
    FragmentPath: '',
    DropInPaths: [],
    InvocationID: [],
    ...properties,
  };
  const variants = Object.entries(all).map(([key, data]) => [key, { type: 'v', data }]);
  const answer = JSON.stringify({ type: 'a{sv}', data: [Object.fromEntries(variants)] });
  return hostSystemd(async () => answer).status('kubelet.service');
}

test('ExecStart= begins with the program that systemd runs, also where it has another name for argv[0]', async () => {
  const exec = ['/opt/launcher', ['/usr/bin/kubelet', '--v=2'], false];

  expect(await statusOf({ ExecStart: [exec] })).toMatchObject({ execStart: ['/opt/launcher', '--v=2'] });
  expect(await statusOf({})).toMatchObject({ execStart: [] });
});

test('a unit with IPAddressDeny= is known to drop packets', async () => {
  const any = [2, [0, 0, 0, 0], 0];

  expect(await statusOf({ IPAddressDeny: [any] })).toMatchObject({ deniesAddresses: true });
  expect(await statusOf({ IPAddressDeny: [] })).toMatchObject({ deniesAddresses: false });
  expect(await statusOf({})).toMatchObject({ deniesAddresses: false });
});
