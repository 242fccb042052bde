// The tutorial's pods.

import type { V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { SAFE_SYSCTL, TUTORIAL_NAMESPACE, UNSAFE_SYSCTL } from './names.ts';

export type Lesson = 'runasuser' | 'capabilities' | 'sysctls';

export interface Placement {
  /** The value of the node's label kubernetes.io/hostname. */
  readonly hostname: string;
  /** The Node's name, which is the suffix of the pod's name. */
  readonly node: string;
  readonly image: string;
}

export const TUTORIAL_UID = 1001;
export const APP_PORT = 80;
export const OTHER_PORT = 8080;
export const BACKLOG = 4096;
export const CONTAINER = 'demo';

/** The sysctls in the pod of the third lesson. */
export const POD_SYSCTLS: readonly { readonly name: string; readonly value: string }[] = [
  { name: 'kernel.shm_rmid_forced', value: '0' },
  { name: SAFE_SYSCTL, value: '0' },
  { name: UNSAFE_SYSCTL, value: String(BACKLOG) },
];

// ikubernetes/demoapp starts a Python program; a compatible image may have a command named demoapp.
const START_APP =
  'if command -v demoapp >/dev/null; then exec demoapp; else exec python3 /usr/local/bin/demo.py; fi';
const REDIRECT = `iptables -t nat -A PREROUTING -p tcp --dport ${OTHER_PORT} -j REDIRECT --to-ports ${APP_PORT}`;

export function podName(lesson: Lesson, node: string): string {
  return `securitycontext-${lesson}-demo-${node}`;
}

/** Returns the pod of a lesson for one node. It uses a node selector, not nodeName, so that the scheduler places it as it places user pods. */
export function tutorialPod(lesson: Lesson, { hostname, node, image }: Placement): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(lesson, node),
      namespace: TUTORIAL_NAMESPACE,
      labels: { 'app.kubernetes.io/name': `securitycontext-${lesson}-demo` },
    },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': hostname },
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      ...LESSON_SPECS[lesson]({ name: CONTAINER, image, imagePullPolicy: 'IfNotPresent' }),
    },
  };
}

type LessonSpec = Pick<V1PodSpec, 'containers' | 'securityContext'>;

const AS_USER = { runAsUser: TUTORIAL_UID, runAsGroup: TUTORIAL_UID };

const LESSON_SPECS: Readonly<Record<Lesson, (container: AppContainer) => LessonSpec>> = {
  runasuser: (container) => ({
    containers: [
      { ...container, env: [{ name: 'PORT', value: String(OTHER_PORT) }], securityContext: AS_USER },
    ],
  }),
  capabilities: (container) => ({
    containers: [
      {
        ...container,
        command: ['/bin/sh', '-c', `${REDIRECT} && ${START_APP}`],
        securityContext: { capabilities: { add: ['NET_ADMIN'], drop: ['CHOWN'] } },
      },
    ],
  }),
  sysctls: (container) => ({
    securityContext: { sysctls: [...POD_SYSCTLS] },
    containers: [{ ...container, securityContext: AS_USER }],
  }),
};

interface AppContainer {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
}
