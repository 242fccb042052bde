// The verdict on one request for the metrics.

import type { AskAccess } from '../../../cluster/api/access.ts';
import type { AgentLog } from '../../../report/log.ts';
import { bearerToken, type Verdict } from './refusal.ts';

const UNJUDGED =
  'Expected the API server to say who may get /metrics, got no answer. The request was refused with 503; the rollout is not ' +
  "affected. The coordinator's account needs create on tokenreviews and subjectaccessreviews (daemonset/components/monitoring-auth).";

/** Resolves with the verdict on the Authorization header; everyone is allowed without `access`. Never rejects. */
export async function verdictOn(
  authorization: string | undefined,
  access: AskAccess | undefined,
  log: Pick<AgentLog, 'warn'>,
): Promise<Verdict> {
  if (access === undefined) return 'allowed';
  const token = bearerToken(authorization);
  if (token === undefined) return 'no token';
  try {
    return await access(token);
  } catch (error) {
    log.warn({ err: error }, UNJUDGED);
    return 'not known';
  }
}
