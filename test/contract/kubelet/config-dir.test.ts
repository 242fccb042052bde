// Compares what a real kubelet reads of the agent's drop-in with what the agent expects.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { printDropIn } from '../../../agent/kubelet/drop-in.ts';
import { effectiveAllowances } from '../../../agent/kubelet/effective-config.ts';
import { DROP_IN_NAME } from '../../../agent/kubelet/unit.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import {
  DEFAULT_KUBERNETES_VERSION,
  kubernetesBinary,
  OLDEST_KUBELET_VERSION,
} from '../../../scripts/bed/build/kubernetes.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';

const NO_GO = whyNoGo();
const KIND = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
/** The kubelet ends with this before it does anything, but after it has read and logged its configuration. */
const INVALID = 'imageGCHighThresholdPercent: 200\n';
const ENDS = 'failed to validate kubelet configuration';
const LIST = ['net.core.somaxconn', 'kernel.shm*', 'net/ipv4/conf/eth0.1/forwarding'];
const BUILD_MS = 900_000;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kubelet-config-dir-'));
  await mkdir(`${root}/d`);
  await writeFile(`${root}/config.yaml`, KIND + INVALID);
  await writeFile(`${root}/d/00-first.conf`, `${KIND}allowedUnsafeSysctls: [kernel.sem]\n`);
  await writeFile(`${root}/d/${DROP_IN_NAME}`, printDropIn(LIST));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

/** The lines that the kubelet logs until it ends. */
async function logOf(version: string, dir = `${root}/d`): Promise<readonly string[]> {
  const kubelet = await kubernetesBinary('kubelet', version, consoleLog());
  const args = [`--config=${root}/config.yaml`, `--config-dir=${dir}`];
  const { all } = await execa(kubelet, args, { all: true, reject: false, timeout: 30_000 });
  return all.split('\n');
}

describe.skipIf(NO_GO !== undefined)(`a kubelet with the agent's drop-in (${NO_GO ?? 'real'})`, () => {
  it.each([OLDEST_KUBELET_VERSION, DEFAULT_KUBERNETES_VERSION])(
    'reads it, and does not start without its folder or its kind: %s',
    async (version) => {
      expect((await logOf(version)).join('\n')).toContain(ENDS);

      const missing = await logOf(version, `${root}/none`);
      expect(missing.join('\n')).toMatch(/no such file or directory/u);
      await writeFile(`${root}/d/${DROP_IN_NAME}`, 'allowedUnsafeSysctls: []\n');
      const withoutKind = await logOf(version);
      expect(withoutKind.join('\n')).not.toContain(ENDS);
    },
    BUILD_MS,
  );

  it(
    'logs its list as the one in force, as text and as JSON',
    async () => {
      expect(effectiveAllowances(await logOf(DEFAULT_KUBERNETES_VERSION))).toEqual(LIST);

      await writeFile(`${root}/d/10-json.conf`, `${KIND}logging: {format: json}\n`);
      expect(effectiveAllowances(await logOf(DEFAULT_KUBERNETES_VERSION))).toEqual(LIST);

      await writeFile(`${root}/d/99-z.conf`, `${KIND}allowedUnsafeSysctls: null\n`);
      expect(effectiveAllowances(await logOf(DEFAULT_KUBERNETES_VERSION))).toEqual([]);
    },
    BUILD_MS,
  );
});
