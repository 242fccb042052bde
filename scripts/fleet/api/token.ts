// A pod's token, requested as a kubelet does.

import { objectAt, stringAt } from '../../../agent/cluster/http/json.ts';
import { AGENT_NAMESPACE } from '../../kubernetes/names.ts';
import type { Admin } from '../../bed/control-plane/admin.ts';

/** Longer than any bench runs: the token is not renewed. */
const SECONDS = 4 * 3600;

/** Makes the pod in the agent's namespace; resolves with a token of the account, bound to the pod. */
export async function tokenOfNewPod(admin: Admin, account: string, pod: object): Promise<string> {
  const namespace = `/api/v1/namespaces/${AGENT_NAMESPACE}`;
  const metadata = objectAt(await admin.send('POST', `${namespace}/pods`, pod), 'metadata');
  const [name, uid] = [stringAt(metadata, 'name'), stringAt(metadata, 'uid')];
  const answer = await admin.send('POST', `${namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: SECONDS, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
  });
  const token = stringAt(objectAt(answer, 'status'), 'token');
  if (token === undefined) throw new Error(`Expected a token for ${account}, got none.`);
  return token;
}
