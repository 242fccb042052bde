// The chart on a live API server that is too old for one of its parts: refused before anything is made.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bed, startBed } from '../../../scripts/bed/bed.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { type GoCommand, HELM_3, HELM_4 } from '../../../scripts/bed/build/go-install.ts';
import { OLDEST_KUBELET_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import type { Outcome } from '../../../scripts/bed/build/run.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { NOT_ROOT } from '../admission/real-api-server.ts';
import { buildTools, CHART, NAME, runHelm } from './render.ts';

const SKIPPED = NOT_ROOT ?? whyNoGo();
const VERSION = OLDEST_KUBELET_VERSION;
const WITH_CHART = [CHART, '--values', '-'];
const IN_NEW_NAMESPACE = [...WITH_CHART, '--create-namespace'];
const WITH_SCHEDULING = { scheduling: { enabled: true } };
const REFUSED = `scheduling.enabled needs Kubernetes 1.36 or later, got v${VERSION}, which has no MutatingAdmissionPolicy in v1. Set scheduling.enabled to false`;

describe.skipIf(SKIPPED !== undefined)(`the chart on an API server ${VERSION}`, () => {
  let bed: Bed;
  beforeAll(async () => {
    await buildTools();
    const name = `chart-${process.pid}`;
    bed = await startBed({ name, nodes: [], version: VERSION, controllers: false }, silent);
  });
  afterAll(() => bed.down());

  it.each([HELM_3, HELM_4])(
    'Helm $version refuses an installation with scheduling, with the version of the cluster, and leaves nothing in it',
    async (helm) => {
      const before = await everything();
      const { exitCode, stderr } = await run(helm, 'install', IN_NEW_NAMESPACE, WITH_SCHEDULING);
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain(REFUSED);
      expect(await everything()).toEqual(before);
      expect(before).not.toContain(`namespace/${NAME}`);
    },
  );

  it('an upgrade to scheduling is refused, and the release stays as it was installed', async () => {
    expect(await run(HELM_4, 'install', IN_NEW_NAMESPACE)).toMatchObject({ exitCode: 0 });
    const before = await everything();
    const { exitCode, stderr } = await run(HELM_4, 'upgrade', WITH_CHART, WITH_SCHEDULING);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(REFUSED);
    expect(await everything()).toEqual(before);
    expect((await run(HELM_4, 'history', [])).stdout).toMatch(/^1\b.*\tdeployed\b/mu);
  });

  function run(
    helm: GoCommand,
    verb: string,
    others: readonly string[],
    values: object = {},
  ): Promise<Outcome> {
    const place = ['--namespace', NAME, '--kubeconfig', bed.kubeconfig];
    const options = { input: JSON.stringify(values), reject: false };
    return runHelm(helm, [verb, NAME, ...others, ...place], options);
  }

  /** Returns the name of every object that the API server lists, those of Helm's releases too. */
  async function everything(): Promise<readonly string[]> {
    const kinds = (await bed.kubectl(['api-resources', '--verbs=list', '--output=name'])).stdout;
    const list = ['get', kinds.trim().split('\n').join(','), '--all-namespaces', '--output=name'];
    return (await bed.kubectl(list)).stdout.split('\n').toSorted();
  }
});
