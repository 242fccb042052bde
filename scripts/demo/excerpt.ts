// Returns the part of a pod that a lesson is about, as YAML.

import type { V1Container } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import type { Stage } from '../tutorial/lessons/stage.ts';
import { type Lesson, tutorialPod } from '../kubernetes/pods.ts';

/** Returns the pod's YAML without its placement and without what every pod of the tutorial has. */
export function podExcerpt(lesson: Lesson, { image }: Pick<Stage, 'image'>): string {
  const { spec } = tutorialPod(lesson, { hostname: '', node: '', image });
  const excerpt = {
    ...(spec?.securityContext === undefined ? {} : { securityContext: spec.securityContext }),
    containers: (spec?.containers ?? []).map(inShort),
  };
  return stringify(
    { spec: excerpt },
    { lineWidth: 100, indentSeq: false, flowCollectionPadding: false },
  ).trimEnd();
}

function inShort({ image, env, command, securityContext }: V1Container): object {
  return {
    image,
    ...(env === undefined ? {} : { env }),
    ...(command === undefined ? {} : { command }),
    securityContext,
  };
}
