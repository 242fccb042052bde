// Requests with the token of a running agent or coordinator.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, send } from '../../../../scripts/bed/control-plane/api.ts';
import { pkiFolder } from '../../../../scripts/bed/control-plane/pki.ts';
import { AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';
import { agentPodOn } from '../../../../scripts/node/agent-pod.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';
import type { World } from '../../../../scripts/node/world.ts';

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const TIMEOUT_MS = 10_000;

export interface Attempt {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query: `?dryRun=All` passes every admission and changes nothing. */
  readonly path: string;
  /** Of the body; a merge patch for PATCH and JSON for all others unless another is named. */
  readonly contentType?: string;
  readonly body?: unknown;
}

export interface Thief {
  /** What the API server says; rejects when it does not answer within 10 s. */
  attempt(attempt: Attempt): Promise<Answer>;
}

/** Of the agent on this node, as its container sees it. */
export async function stolenToken(node: TestNode): Promise<string> {
  return node.waitFor({ what: 'let a command into its agent' }, async () => {
    const pod = await agentPodOn(node.world, node.name);
    return pod?.ready === true ? tokenIn(node.world, pod.name) : undefined;
  });
}

/** As the container of this pod of ours sees it; undefined while it lets no command in. */
export async function tokenIn(
  { bed }: Pick<World, 'bed'>,
  pod: string,
  namespace: string = AGENT_NAMESPACE,
): Promise<string | undefined> {
  const command = ['-n', namespace, 'exec', pod, '--', 'cat', TOKEN];
  const said = await bed.kubectl(command, { reject: false, timeoutMs: TIMEOUT_MS });
  return said.exitCode === 0 && said.stdout !== '' ? said.stdout : undefined;
}

/** Speaks to the node's API server with a token and nothing else. */
export async function thief(
  { world: { bed } }: { readonly world: Pick<World, 'bed'> },
  token: string,
): Promise<Thief> {
  const ca = await readFile(join(pkiFolder(bed.folder), 'ca.crt'));
  return {
    attempt: ({ method, path, contentType = usualType(method), body }) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
      const options = { method, headers, ca, agent: false, timeout: TIMEOUT_MS };
      return send(`${bed.server}${path}`, options, body);
    },
  };
}

export type Verdict = 'allowed' | 'refused by RBAC' | 'refused by the policy' | 'something else';

/** Who refused it, by the API server's own words. */
export function verdictOf({ status, body }: Answer, policy: string): Verdict {
  if (status >= 200 && status < 300) return 'allowed';
  if (status !== 403) return 'something else';
  if (body.includes(`ValidatingAdmissionPolicy '${policy}'`)) return 'refused by the policy';
  return /cannot \w+ resource/u.test(body) ? 'refused by RBAC' : 'something else';
}

function usualType(method: Attempt['method']): string {
  return method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
}
