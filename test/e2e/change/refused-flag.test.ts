// A kubelet that is upgraded to one that does not know our flag.

import { expect, it } from 'vitest';
import { freshNode } from '../support/node/fresh.ts';
import { awaitHealthy } from '../support/node/healthy.ts';
import { useWrapper } from '../../../scripts/node/kubelet-unit.ts';

const NAME = 'net.core.somaxconn';
const KUBELET = '#!/bin/sh\nexec /usr/bin/kubelet "$@"\n';
/** The real kubelet as if the flag were removed. */
const WITHOUT_FLAG = `#!/bin/sh
case "$*" in
  *--allowed-unsafe-sysctls*)
    echo 'E1124 02:00:00.000000 1 run.go:72] "command failed" err="failed to parse kubelet flag: unknown flag: --allowed-unsafe-sysctls"' >&2
    exit 1 ;;
esac
exec /usr/bin/kubelet "$@"
`;

it('a kubelet that no longer knows our flag is started without it, and with it again when it does', async () => {
  const node = await freshNode('n2');
  await useWrapper(node, KUBELET);
  const before = await node.text();
  await node.setList([NAME]);
  await node.awaitDone([NAME]);

  await useWrapper(node, WITHOUT_FLAG);
  const report = await node.awaitReport({ what: 'be Degraded' }, ({ state }) => state === 'Degraded');

  expect(report.reason).toMatch(
    /does not take --allowed-unsafe-sysctls\..*allowedUnsafeSysctls in \/var\/lib\/kubelet\/config\.yaml/u,
  );
  expect(await node.text()).toBe(before);
  await awaitHealthy(node);
  const started = await node.kubelet();
  expect(started.argv.join(' ')).not.toContain('--allowed-unsafe-sysctls');
  expect(started.activeState).toBe('active');

  await useWrapper(node, KUBELET);
  await node.awaitDone([NAME]);
  expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${NAME}`);
});
