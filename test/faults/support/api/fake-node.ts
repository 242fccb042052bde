// A Node and its agent's pod, with nothing behind them but what the API server must know to give out a real token.

import { createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordinationV1Api, CoreV1Api, KubeConfig, V1MicroTime, type V1Node } from '@kubernetes/client-node';
import type { Bed } from '../../../../scripts/bed/bed.ts';
import { pkiFolder } from '../../../../scripts/bed/control-plane/pki.ts';
import { ifThere } from '../../../../scripts/kubernetes/cluster.ts';
import { AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';

export interface FakeNode extends AsyncDisposable {
  readonly name: string;
  /** From the API server's TokenRequest, bound to the pod: good for an hour. */
  token(): Promise<string>;
  /** The same, signed again so that it is good for `ms` from now. */
  shortLivedToken(ms: number): Promise<string>;
  /** That the node is Ready, as its kubelet does after a start; rejects while the API server is away. */
  report(): Promise<void>;
}

const LEASES = 'kube-node-lease';
/** As a kubelet's: a Node without it is called NotReady. */
const HEARTBEAT_MS = 10_000;
/** The API server accepts a token for so much longer than it says (go-jose jwt.DefaultLeeway). */
const LEEWAY_SECONDS = 60;

export async function fakeNode(bed: Bed, name: string): Promise<FakeNode> {
  const config = new KubeConfig();
  config.loadFromFile(bed.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const leases = config.makeApiClient(CoordinationV1Api);
  // A run that was cut off leaves them behind.
  await remove(core, leases, name);
  await core.createNode({ body: nodeOf(name) });
  const pod = await core.createNamespacedPod({
    namespace: AGENT_NAMESPACE,
    body: {
      metadata: { name },
      spec: {
        nodeName: name,
        serviceAccountName: AGENT_NAMESPACE,
        tolerations: [{ operator: 'Exists' }],
        containers: [{ name: 'none', image: 'none' }],
      },
    },
  });
  await leases.createNamespacedLease({ namespace: LEASES, body: { metadata: { name }, spec: {} } });

  const token = async (): Promise<string> => {
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid: pod.metadata?.uid ?? '' };
    const answer = await core.createNamespacedServiceAccountToken({
      namespace: AGENT_NAMESPACE,
      name: AGENT_NAMESPACE,
      body: { spec: { audiences: [], boundObjectRef, expirationSeconds: 3600 } },
    });
    return answer.status?.token ?? '';
  };
  const renewLease = async (): Promise<void> => {
    const lease = await leases.readNamespacedLease({ namespace: LEASES, name });
    lease.spec = { renewTime: new V1MicroTime(new Date().toISOString()) };
    await leases.replaceNamespacedLease({ namespace: LEASES, name, body: lease });
  };
  const heartbeat = setInterval(() => void renewLease().catch(() => {}), HEARTBEAT_MS);
  const report = async (): Promise<void> => {
    const node = await core.readNode({ name });
    for (const condition of node.status?.conditions ?? []) {
      condition.lastHeartbeatTime = new Date();
    }
    await core.replaceNodeStatus({ name, body: node });
  };
  return {
    name,
    token,
    shortLivedToken: async (ms) => ending(await token(), ms, join(pkiFolder(bed.folder), 'sa.key')),
    report,
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat);
      await remove(core, leases, name);
    },
  };
}

/** Without the label kubernetes.io/os, which the DaemonSet's pods require: no kubelet could run one here. */
function nodeOf(name: string): V1Node {
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' };
  const since = new Date();
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { conditions: [{ ...ready, lastHeartbeatTime: since, lastTransitionTime: since }] },
  };
}

/** No kubelet is there to confirm the pod's end. */
async function remove(core: CoreV1Api, leases: CoordinationV1Api, name: string): Promise<void> {
  await ifThere(core.deleteNamespacedPod({ namespace: AGENT_NAMESPACE, name, gracePeriodSeconds: 0 }));
  await ifThere(core.deleteNode({ name }));
  await ifThere(leases.deleteNamespacedLease({ namespace: LEASES, name }));
}

/** The token with another end, under the bed's own signature. */
async function ending(token: string, ms: number, keyFile: string): Promise<string> {
  const [head = '', payload = ''] = token.split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const now = Math.floor(Date.now() / 1000);
  const exp = Math.ceil(now + ms / 1000) - LEEWAY_SECONDS;
  const times = { iat: exp - 3600, nbf: exp - 3600, exp };
  const body = Buffer.from(JSON.stringify(Object.assign({}, claims, times))).toString('base64url');
  const key = createPrivateKey(await readFile(keyFile));
  const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${head}.${body}.${signature.toString('base64url')}`;
}
