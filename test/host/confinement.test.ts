import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { confinementOf } from '../../agent/host/confinement.ts';
import { temporaryRoot } from './temporary-root.ts';

const CURRENT = 'proc/self/attr/current';
const CONTAINER = 'system_u:system_r:container_t:s0:c1,c2';
const OWN = 'system_u:system_r:spc_t:s0';

test.each([
  ['SELinux', { [CURRENT]: `${CONTAINER}\0` }, { module: 'SELinux', label: CONTAINER }],
  [
    'SELinux that enforces',
    { [CURRENT]: CONTAINER, 'sys/fs/selinux/enforce': '1' },
    { module: 'SELinux', label: CONTAINER },
  ],
  ['SELinux that is permissive', { [CURRENT]: CONTAINER, 'sys/fs/selinux/enforce': '0' }, undefined],
  [
    'SELinux, in its domain for such agents',
    { [CURRENT]: OWN },
    { module: 'SELinux', label: OWN, isOwnType: true },
  ],
  [
    'SELinux that is permissive, in its domain for such agents',
    { [CURRENT]: OWN, 'sys/fs/selinux/enforce': '0' },
    undefined,
  ],
  [
    'SELinux, in a domain that may do anything',
    { [CURRENT]: 'system_u:system_r:unconfined_t:s0' },
    undefined,
  ],
  [
    'AppArmor',
    { [CURRENT]: 'cri-containerd.apparmor.d (enforce)\n' },
    { module: 'AppArmor', label: 'cri-containerd.apparmor.d (enforce)' },
  ],
  [
    'AppArmor beside another module',
    { [CURRENT]: '', 'proc/self/attr/apparmor/current': 'crio-default (enforce)\n' },
    { module: 'AppArmor', label: 'crio-default (enforce)' },
  ],
  ['AppArmor without a profile', { [CURRENT]: 'unconfined\n' }, undefined],
  ['AppArmor that only complains', { [CURRENT]: 'crio-default (complain)\n' }, undefined],
  ['no security module', {}, undefined],
])('on a node with %s the agent knows whether it is confined', async (_title, files, expected) => {
  const root = await temporaryRoot();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(`${root}/${path}`), { recursive: true });
    await writeFile(`${root}/${path}`, content);
  }

  const found = await confinementOf(`${root}/proc`, `${root}/sys`);

  expect(found).toEqual(expected);
});
