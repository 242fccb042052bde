// Reads the pod or workload that `why` is asked about, and its namespace's labels.

import { isNotFound } from '../../../cluster/http/errors.ts';
import { objectAt, stringAt, stringMapAt, type JsonObject } from '../../../cluster/http/json.ts';
import { parsePod } from '../../../cluster/objects/parse.ts';
import { UserError } from '../errors.ts';
import type { Session } from '../session.ts';
import type { Kind } from './subject.ts';
import type { PodStatus, Subject } from './types.ts';

/** Returns what the object's pods set. Throws a UserError when there is none of this name, or when they set no sysctl. */
export async function readSubject(
  { transport }: Session,
  asked: { readonly kind: Kind; readonly namespace: string; readonly name: string },
): Promise<Subject> {
  const { kind, namespace, name } = asked;
  const path = `${kind.api}/namespaces/${encodeURIComponent(namespace)}/${kind.resource}/${encodeURIComponent(name)}`;
  let object: JsonObject;
  try {
    object = objectAt((await transport.request({ method: 'GET', path })).body);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new UserError(
      `Expected a ${kind.kind} ${name} in namespace ${namespace}, found none. Choose another namespace with -n; ` +
        `see kubectl -n ${namespace} get ${kind.resource}.`,
    );
  }
  const subject = subjectOf(asked, object);
  if (subject.sysctls.length === 0) {
    throw new UserError(
      `Expected ${kind.kind} ${namespace}/${name} to have securityContext.sysctls, found none. ` +
        `No sysctl keeps its pods from starting. See kubectl -n ${namespace} describe ${kind.words[0] ?? ''} ${name}.`,
    );
  }
  return subject;
}

/** Returns the subject in an object of the API. */
export function subjectOf(
  { kind, namespace, name }: { readonly kind: Kind; readonly namespace: string; readonly name: string },
  object: JsonObject,
): Subject {
  const spec = objectAt(object, ...kind.podSpec);
  const { sysctls, hostNetwork, hostIpc, requirement } = parsePod({ spec });
  return {
    kind: kind.kind,
    namespace,
    name,
    sysctls,
    hostNetwork,
    hostIpc,
    hostUsers: spec['hostUsers'] !== false,
    requirement,
    pod: kind.kind === 'Pod' ? statusOf(object) : undefined,
  };
}

function statusOf(pod: JsonObject): PodStatus {
  const status = objectAt(pod, 'status');
  return {
    phase: stringAt(status, 'phase') ?? 'Unknown',
    reason: stringAt(status, 'reason') ?? '',
    message: stringAt(status, 'message') ?? '',
    node: stringAt(objectAt(pod, 'spec'), 'nodeName'),
  };
}

/** Returns the namespace's labels; undefined when it does not exist. */
export async function namespaceLabels(
  { transport }: Session,
  name: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const { body } = await transport.request({
      method: 'GET',
      path: `/api/v1/namespaces/${encodeURIComponent(name)}`,
    });
    return stringMapAt(objectAt(body, 'metadata'), 'labels');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
