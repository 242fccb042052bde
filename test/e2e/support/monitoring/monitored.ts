// The bed's coordinators with the component for monitoring, as docs/how-to/monitor.md installs it without the operator.

import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parse, stringify } from 'yaml';
import { objectAt, objectsAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';
import { workFolder } from '../../../../scripts/bed/util/work-folder.ts';
import type { AgentImage } from '../../../../scripts/install/ground.ts';
import { applyManifests, awaitRollout } from '../../../../scripts/install/install.ts';
import { kustomization } from '../../../../scripts/install/overlay.ts';
import { AGENT_NAMESPACE, COORDINATOR_DEPLOYMENT } from '../../../../scripts/kubernetes/names.ts';
import type { World } from '../../../../scripts/node/world.ts';

const CHECKOUT = join(import.meta.dirname, '../../../..');
const PAGE = join(CHECKOUT, 'docs/how-to/monitor.md');
/** As the component sets it. */
const METRICS_PORT = 8080;
const ADDED = ['networkpolicy/kubelet-sysctl-coordinator', 'configmap/kubelet-sysctl-agent-dashboard'];

/** Applies daemonset/ with the component and the page's patches; disposal applies daemonset/ alone again. */
export async function monitored({ bed }: World, image: AgentImage): Promise<AsyncDisposable> {
  await using work = await workFolder();
  const folder = await realpath(work.path);
  const base = relative(folder, join(await realpath(CHECKOUT), 'daemonset'));
  const overlay = objectAt(parse(kustomization({ base, image })));
  const patches = [...objectsAt(overlay, 'patches'), ...(await patchesWithoutOperator())];
  const component = `${base}/components/monitoring`;
  await writeFile(
    join(folder, 'kustomization.yaml'),
    stringify({ ...overlay, components: [component], patches }),
  );
  const kubectl = bed.kubectl.bind(bed);
  await kubectl(['apply', '-k', folder]);
  await awaitRollout(kubectl);
  return {
    [Symbol.asyncDispose]: async () => {
      await applyManifests({ kubectl, agentImage: image });
      await kubectl(['-n', AGENT_NAMESPACE, 'delete', ...ADDED]);
      await awaitRollout(kubectl);
    },
  };
}

/** Returns the page's scrape_configs for these pods: Debian builds its Prometheus without the discovery of pods. */
export async function scrapesFor(pods: readonly CoordinatorPod[]): Promise<readonly JsonObject[]> {
  const scrapes = (await blocks()).flatMap((block) => objectsAt(block, 'scrape_configs'));
  return scrapes.map(({ kubernetes_sd_configs: _found, relabel_configs: _labels, ...scrape }) => ({
    ...scrape,
    static_configs: pods.map(({ pod, address }) => ({ targets: [address], labels: { pod } })),
  }));
}

export interface CoordinatorPod {
  readonly pod: string;
  /** Address and port of its metrics. */
  readonly address: string;
}

/** Returns the coordinator's pods that are not being deleted. */
export async function coordinatorPods({ cluster }: World): Promise<readonly CoordinatorPod[]> {
  const { items } = await cluster.core.listNamespacedPod({
    namespace: AGENT_NAMESPACE,
    labelSelector: `app.kubernetes.io/name=${COORDINATOR_DEPLOYMENT}`,
  });
  return items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata, status }) => ({
      pod: metadata?.name ?? '',
      address: `${status?.podIP ?? ''}:${METRICS_PORT}`,
    }));
}

async function patchesWithoutOperator(): Promise<readonly JsonObject[]> {
  const patches = (await blocks()).flatMap((block) => objectsAt(block, 'patches'));
  return patches.filter(({ patch }) => String(patch).includes('$patch: delete'));
}

async function blocks(): Promise<readonly JsonObject[]> {
  const text = await readFile(PAGE, 'utf8');
  return [...text.matchAll(/^```yaml\n(?<block>.*?)^```$/gmsu)].map(({ groups }) =>
    objectAt(parse(groups?.['block'] ?? '')),
  );
}
