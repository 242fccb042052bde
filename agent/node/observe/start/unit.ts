// Finds the unit that starts the kubelet: kubelet.service, or the one other unit that does.

import { settleAll } from '../../../time/settle.ts';
import type { Systemd, UnitStatus } from '../../ports.ts';
import { findStart, type StartPorts } from './start.ts';

export const UNIT = 'kubelet.service';
const MAX_OTHERS = 10;

/** Returns the kubelet's unit, or why there is none. A unit with kubelet in its name counts only when it starts a kubelet. */
export async function findUnit(
  ports: StartPorts & { readonly systemd: Pick<Systemd, 'status' | 'services'> },
): Promise<UnitStatus | string> {
  const usual = await ports.systemd.status(UNIT);
  if (usual.loadState !== 'not-found') {
    return usual;
  }
  const names = await ports.systemd.services('*kubelet*');
  const others = await settleAll(
    names.slice(0, MAX_OTHERS).map(async (name) => {
      const status = await ports.systemd.status(name);
      return { status, start: await findStart(ports, status) };
    }),
  );
  const [only, second] = others.filter(({ start }) => start.kind === 'kubelet');
  if (only !== undefined && second === undefined) {
    return only.status;
  }
  const found = others.map(({ status: { name }, start }) =>
    start.kind === 'kubelet' ? name : `${name} (which starts ${start.what})`,
  );
  return (
    `Expected a systemd unit ${UNIT}, found ${found.length === 0 ? 'no unit of a kubelet' : found.join(', ')}. ` +
    'On this node the kubelet is started by something else: set its allowed unsafe sysctls there.'
  );
}
