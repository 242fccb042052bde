// daemonset/ with one particular image, as a person would write it: a kustomization of their own on top of it.

import { stringify } from 'yaml';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE, COORDINATOR_DEPLOYMENT } from '../kubernetes/names.ts';
import type { AgentImage } from './ground.ts';

/** The names in daemonset/ of the image, and of what runs it, with the container in each. */
const MANIFEST_IMAGE = 'kubelet-sysctl-agent';
const WORKLOADS = [
  { kind: 'DaemonSet', name: AGENT_DAEMON_SET, container: 'agent' },
  { kind: 'Deployment', name: COORDINATOR_DEPLOYMENT, container: 'coordinator' },
] as const;

export interface Overlay {
  /** The path of daemonset/, relative to the overlay's folder: kustomize takes no other. */
  readonly base: string;
  readonly image: AgentImage;
}

/** The content of the overlay's kustomization.yaml. A stamp makes all of our pods anew when the image changed under its name. */
export function kustomization({ base, image }: Overlay): string {
  return stringify({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [base],
    images: [{ name: MANIFEST_IMAGE, ...imageParts(image.reference) }],
    patches: WORKLOADS.map((workload) => ({ patch: patchOf(workload, image) })),
  });
}

export interface ImageParts {
  readonly newName: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/** `registry:5000/name:tag@sha256:…` as kustomize wants it; a digest wins over a tag. */
export function imageParts(reference: string): ImageParts {
  const [tagged = '', digest] = reference.split('@');
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  const newName = hasTag ? tagged.slice(0, colon) : tagged;
  if (digest !== undefined) return { newName, digest };
  return hasTag ? { newName, newTag: tagged.slice(colon + 1) } : { newName, newTag: 'latest' };
}

function patchOf({ kind, name, container }: (typeof WORKLOADS)[number], { stamp }: AgentImage): string {
  const annotations = stamp === undefined ? {} : { annotations: { 'kubelet-sysctls-demo/image': stamp } };
  return stringify({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: AGENT_NAMESPACE },
    spec: {
      template: {
        metadata: annotations,
        // A tag latest would be pulled, also where the nodes have been given the image.
        spec: { containers: [{ name: container, imagePullPolicy: 'IfNotPresent' }] },
      },
    },
  });
}
