// The shell blocks of the pages that name this file, run as a reader would: with kubectl and its plugin on the PATH.

import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../scripts/bed/build/run.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { shellEnvironment } from '../../../scripts/kubernetes/shell.ts';
import { clearPolicy, policyNow } from '../../../scripts/node/policy.ts';
import type { World } from '../../../scripts/node/world.ts';
import { PAGES, readPage, ROOT } from '../../docs/support/pages.ts';
import { e2eWorld } from '../support/bed.ts';

const OWN = 'run by: test/e2e/docs/blocks.test.ts';
/** The node that stands for the word NODE of the pages. */
const NODE = 'n1';
const POLICY = `apiVersion: v1
kind: ConfigMap
metadata: {name: kubelet-sysctls, namespace: kubelet-sysctl-agent}
data:
  allowedUnsafeSysctls: net.core.somaxconn
`;

// The tutorial comes first: it makes the change whose history another page prints.
const pages = PAGES.toSorted((one, other) => rank(one) - rank(other)).flatMap((page) =>
  readPage(page)
    .blocks.filter(({ mark }) => mark?.startsWith(OWN))
    .map(({ line, text }) => [`${page}:${line}`, text] as const),
);

let world: World;
let folder: string;
let shell: Readonly<Record<string, string>>;

beforeAll(async () => {
  world = await e2eWorld();
  await clearPolicy(world);
  folder = await mkdtemp(join(tmpdir(), 'e2e-docs-'));
  await symlink(join(ROOT, 'scripts'), join(folder, 'scripts'));
  await writeFile(join(folder, 'policy.yaml'), POLICY);
  shell = await shellEnvironment(world.bed, folder, silent);
});
afterAll(async () => {
  await clearPolicy(world);
  await rm(folder, { recursive: true });
});

it.each(pages)('the commands of %s work', async (_where, text) => {
  const before = await policyNow(world);
  const script = `cd '${folder}'\n${text.replaceAll(/\bNODE\b/gu, NODE)}`;
  const env = { ...shell, KUBE_EDITOR: 'true' };
  const { exitCode, stdout, stderr } = await run(
    ['bash', '-e', '-c', script],
    { reject: false, timeoutMs: 180_000 },
    env,
  );
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr, stdout }).toMatchObject({ exitCode: 0 });
  // A page that pauses something also resumes it.
  expect((await policyNow(world))?.['paused']).toBe(before?.['paused']);
});

function rank(page: string): number {
  return page.startsWith('docs/tutorial/') ? 0 : 1;
}
