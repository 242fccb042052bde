#!/usr/bin/env node
// The kubectl plugin: as kubectl-sysctls on the PATH it is `kubectl sysctls`.

/** What client-node's HTTP library needs; it does not load with an older one. */
const OLDEST_NODE = [22, 15] as const;

process.exitCode = isNewEnough(process.versions.node) ? await run() : refuse();

async function run(): Promise<number> {
  const { runKubectlProgram } = await import('./cli/kubectl/program.ts');
  const { argv, stdout, stderr, env } = process;
  return runKubectlProgram(argv, { stdout, stderr, env, interruption });
}

/** It runs with whatever Node a person has. */
function refuse(): number {
  const { node } = process.versions;
  process.stderr.write(
    `error: Expected Node ${OLDEST_NODE.join('.')} or later, got ${node}; put a newer one first on the PATH.\n`,
  );
  return 1;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  return major > oldest || (major === oldest && minor >= oldestMinor);
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  return controller.signal;
}
