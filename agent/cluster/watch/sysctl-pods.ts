// Finds the pods that set sysctls in a list of pods.

import type { SysctlPod } from '../../plan/in-use.ts';
import { objectAt, stringAt } from '../http/json.ts';
import { objectsOf } from './list-items.ts';
import { parsePod } from '../objects/parse.ts';

const SYSCTLS = '"sysctls"';
const REQUIREMENTS = ['"nodeSelector"', '"requiredDuringSchedulingIgnoredDuringExecution"'];

/**
 * The pods with sysctls of the list in `chunks`; `node` is undefined when unscheduled. `withRequirements`: also those that require something
 * of their node. Throws an InvalidResponseError for a truncated list.
 */
export async function* sysctlPodsOf(
  chunks: AsyncIterable<Uint8Array>,
  { withRequirements = false }: { readonly withRequirements?: boolean } = {},
): AsyncGenerator<{ readonly pod: SysctlPod; readonly node: string | undefined }> {
  // Most pods set no sysctls and are skipped without being parsed.
  for await (const object of objectsOf(chunks, {
    containing: [SYSCTLS, ...(withRequirements ? REQUIREMENTS : [])],
  })) {
    const pod = parsePod(object);
    if (pod.sysctls.length > 0 || (withRequirements && pod.requirement !== undefined)) {
      yield { pod, node: stringAt(objectAt(object, 'spec'), 'nodeName') };
    }
  }
}
