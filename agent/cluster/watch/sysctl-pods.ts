// The pods that set sysctls, in a list of pods.

import type { SysctlPod } from '../../plan/in-use.ts';
import { objectAt, stringAt } from '../http/json.ts';
import { objectsOf } from './list-items.ts';
import { parsePod } from '../objects/parse.ts';

/** Reads the list of `chunks`; `node` is undefined for a pod that has none yet. Throws BadAnswer when it is not a whole list. */
export async function* sysctlPodsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly pod: SysctlPod; readonly node: string | undefined }> {
  // Most pods have none, and need not be parsed.
  for await (const object of objectsOf(chunks, { containing: '"sysctls"' })) {
    const pod = parsePod(object);
    if (pod.sysctls.length > 0) {
      yield { pod, node: stringAt(objectAt(object, 'spec'), 'nodeName') };
    }
  }
}
