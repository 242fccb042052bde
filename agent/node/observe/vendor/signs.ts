// What is read of a node that the agent cannot change, so that its reason can say where to set the sysctls instead.

import { settleAll } from '../../../time/settle.ts';
import type { HostFiles, NodeObject, UnitStatus } from '../../ports.ts';
import { VENDOR_UNITS, vendorSetting, type VendorSigns } from './vendors.ts';

export interface NodeSigns extends VendorSigns {
  /** The usual environment files that exist here, and that the kubelet's unit does not read. */
  readonly unread: readonly string[];
}

/** systemd keeps a link for each active unit here and replaces it at every start. */
export const INVOCATIONS_FOLDER = '/run/systemd/units';
const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release'];
const USUAL_FILES = ['/etc/default/kubelet', '/etc/sysconfig/kubelet'];

/** Returns what to add to the reason of a node that the agent cannot change: what its unit does not read, and its vendor's setting. */
export function signsText(signs: NodeSigns, node: Pick<NodeObject, 'labels' | 'annotations'>): string {
  const { unread } = signs;
  const files =
    unread.length === 0
      ? []
      : [
          `${unread.join(' and ')} ${unread.length === 1 ? 'exists' : 'exist'} here, but the unit does not read ${unread.length === 1 ? 'it' : 'them'}.`,
        ];
  return [...files, vendorSetting(signs, node) ?? []].flat().join(' ');
}

/** Reads a few small files, and runs nothing. `status`: the kubelet's unit; undefined when there is none. */
export async function readSigns(
  files: Pick<HostFiles, 'read' | 'walk' | 'changedAt'>,
  status: UnitStatus | undefined,
): Promise<NodeSigns> {
  const environmentFiles = status?.environmentFiles.map(({ path }) => path) ?? [];
  const others = status === undefined ? [] : USUAL_FILES.filter((path) => !environmentFiles.includes(path));
  const [osId, active, changed] = await settleAll([
    readOsId(files),
    files.walk(INVOCATIONS_FOLDER),
    settleAll(others.map((path) => files.changedAt(path))),
  ]);
  return {
    osId,
    units: VENDOR_UNITS.filter((name) => active.includes(`${INVOCATIONS_FOLDER}/invocation:${name}`)),
    unread: others.filter((_path, index) => changed[index] !== undefined),
    execStart: status?.execStart ?? [],
    environment: status?.environment ?? [],
    environmentFiles,
  };
}

async function readOsId(files: Pick<HostFiles, 'read'>): Promise<string> {
  const [first, second] = await settleAll(OS_RELEASE.map((path) => files.read(path)));
  const text = Buffer.from(first ?? second ?? '').toString();
  return /^ID=["']?([a-z0-9._-]+)/mu.exec(text)?.[1] ?? '';
}
