// Runs the end-to-end cases on one kubelet version after another.

import { errorText } from '../../agent/text/error-text.ts';
import { kubernetesBinary } from '../bed/build/kubernetes.ts';
import type { Log } from '../bed/util/progress.ts';
import { ONE_KUBELET } from './nodes.ts';
import { runVitest, type VitestOutcome } from '../entry/run-vitest.ts';
import { matrixFiles, VM_FILES } from './files.ts';
import type { MatrixOptions } from './options.ts';
import type { Row } from './table.ts';

/** Runs every version, also after failures. A failed build counts as a failure of its version. */
export async function matrix(
  { versions, machine }: Pick<MatrixOptions, 'versions' | 'machine'>,
  log: Log,
): Promise<readonly Row[]> {
  const args =
    machine === 'vm' ? ['--project=machines', ...VM_FILES] : ['--project=e2e', ...(await matrixFiles())];
  const rows: Row[] = [];
  for (const [index, version] of versions.entries()) {
    log.say(`\n━━ kubelet ${version} (${index + 1} of ${versions.length})`);
    const row = await rowOf(version, args, log);
    log.say(`kubelet ${version}: ${row.passed} passed, ${row.failed} failed, ${row.seconds.toFixed(0)} s`);
    rows.push(row);
  }
  return rows;
}

async function rowOf(version: string, args: readonly string[], log: Log): Promise<Row> {
  let startedAt = performance.now();
  const rowFrom = (outcome: VitestOutcome): Row => ({
    version,
    ...outcome,
    seconds: (performance.now() - startedAt) / 1000,
  });
  try {
    await kubernetesBinary('kubelet', version, log);
  } catch (error) {
    const why = errorText(error);
    return rowFrom({
      passed: 0,
      failed: 1,
      skipped: 0,
      failures: [{ title: `it could not be built: ${why}` }],
    });
  }
  startedAt = performance.now();
  return rowFrom(
    await runVitest(args, {
      // A kept bed has the kubelets of another run.
      env: { [ONE_KUBELET]: version, KUBELET_SYSCTLS_E2E_BED: undefined },
      progress: 'stderr',
    }),
  );
}
