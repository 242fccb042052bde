// Finds the pods that set sysctls in a list of pods.

import type { SysctlPod } from '../../plan/in-use.ts';
import { objectAt, stringAt } from '../http/json.ts';
import { objectsOf } from './list-items.ts';
import { parsePod } from '../objects/parse.ts';

/** The pods with sysctls of the list in `chunks`; `node` is undefined when unscheduled. Throws an InvalidResponseError for a truncated list. */
export async function* sysctlPodsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly pod: SysctlPod; readonly node: string | undefined }> {
  // Most pods set no sysctls and are skipped without being parsed.
  for await (const object of objectsOf(chunks, { containing: '"sysctls"' })) {
    const pod = parsePod(object);
    if (pod.sysctls.length > 0) {
      yield { pod, node: stringAt(objectAt(object, 'spec'), 'nodeName') };
    }
  }
}
