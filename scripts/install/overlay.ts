// A kustomization of daemonset/ with another image, as a user would write it.

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
  /** The path of daemonset/ relative to the overlay's folder; kustomize accepts no absolute path. */
  readonly base: string;
  readonly image: AgentImage;
  /** Between two startup probes, in s; those of the manifests where undefined. */
  readonly startupProbeSeconds?: number | undefined;
}

/** Returns the overlay's kustomization.yaml. The stamp replaces all of our pods when the image's content changes under the same name. */
export function kustomization({ base, image, startupProbeSeconds }: Overlay): string {
  return stringify({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [base],
    images: [{ name: MANIFEST_IMAGE, ...imageParts(image.reference) }],
    patches: WORKLOADS.map((workload) => ({ patch: patchOf(workload, image, startupProbeSeconds) })),
  });
}

export interface ImageParts {
  readonly newName: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/** Splits `registry:5000/name:tag@sha256:…` for kustomize; a digest takes precedence over a tag. */
export function imageParts(reference: string): ImageParts {
  const [tagged = '', digest] = reference.split('@');
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  const newName = hasTag ? tagged.slice(0, colon) : tagged;
  if (digest !== undefined) return { newName, digest };
  return hasTag ? { newName, newTag: tagged.slice(colon + 1) } : { newName, newTag: 'latest' };
}

function patchOf(
  { kind, name, container }: (typeof WORKLOADS)[number],
  { stamp }: AgentImage,
  periodSeconds: number | undefined,
): string {
  const probe = periodSeconds === undefined ? {} : { startupProbe: { periodSeconds } };
  const annotations = stamp === undefined ? {} : { annotations: { 'kubelet-sysctls-demo/image': stamp } };
  return stringify({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: AGENT_NAMESPACE },
    spec: {
      template: {
        metadata: annotations,
        // The tag `latest` would be pulled, although the nodes already have the image.
        spec: { containers: [{ name: container, imagePullPolicy: 'IfNotPresent', ...probe }] },
      },
    },
  });
}
