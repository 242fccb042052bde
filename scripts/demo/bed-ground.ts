// The demo's own cluster on this machine, made when it does not exist yet.

import { type Bed, type NodeSpec, openBed, startBed } from '../bed/bed.ts';
import { ensureHostPackages } from '../bed/build/host-packages.ts';
import { agentImage, demoAppImage } from '../bed/images/images.ts';
import { connect } from '../kubernetes/cluster.ts';
import { agentImageOf, type Ground } from '../install/ground.ts';
import { loadImages } from './loaded.ts';
import type { Story } from './story.ts';

export const DEMO_BED = 'demo';

const NODES: readonly NodeSpec[] = [
  { name: 'node-1', layout: 'deb-missing' },
  { name: 'node-2', layout: 'deb-full' },
];

export interface BedGround extends Ground {
  readonly bed: Bed;
}

/** Resolves when two nodes are Ready and have both images. */
export async function bedGround(story: Story): Promise<BedGround> {
  await ensureHostPackages(story);
  const making = [bedWithNodes(story), agentImage(story), demoAppImage(story)] as const;
  // Rethrow an error only after all background work has ended.
  await Promise.allSettled(making);
  const [bed, agent, app] = await Promise.all(making);
  await story.step('Images loaded into every node', async () => {
    await loadImages(bed, [agent, app]);
  });
  return {
    bed,
    cluster: connect({ kubeconfig: bed.kubeconfig }),
    kubectl: (args, options) => bed.kubectl(args, options),
    agentImage: agentImageOf(agent),
    appImage: app.reference,
    own: true,
    kubeletLine: async (node) => kubeletLine(bed, node),
  };
}

async function kubeletLine(bed: Bed, node: string): Promise<string> {
  const argv = ['grep', '^KUBELET_EXTRA_ARGS=', '/etc/default/kubelet'];
  const { stdout } = await bed.node(node).exec(argv, { reject: false });
  return stdout === '' ? '(no such line, or no such file)' : stdout;
}

async function bedWithNodes(story: Story): Promise<Bed> {
  const found = await openBed(DEMO_BED);
  if (found !== undefined) {
    story.tick(`The cluster "${DEMO_BED}" is already up: it is used again`);
    return found;
  }
  return startBed({ name: DEMO_BED, nodes: NODES, lifetime: 'keep' }, story);
}
