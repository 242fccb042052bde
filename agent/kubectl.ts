#!/usr/bin/env node
// Entry point of the kubectl plugin: an executable kubectl-sysctls on the PATH runs as `kubectl sysctls`.

/** The oldest Node in which client-node's HTTP library loads. */
const OLDEST_NODE = [22, 15] as const;

process.exitCode = isNewEnough(process.versions.node) ? await run() : refuse();

async function run(): Promise<number> {
  const { runKubectlProgram } = await import('./cli/kubectl/program.ts');
  const { argv, stdout, stderr, env } = process;
  return runKubectlProgram(argv, { stdout, stderr, env, interruption });
}

/** Prints which Node is needed and returns exit code 1: the plugin runs with the first node on the user's PATH. */
function refuse(): number {
  const { node } = process.versions;
  process.stderr.write(
    `error: Expected Node ${OLDEST_NODE.join('.')} or later, found ${node}. Put a newer Node first on the PATH.\n`,
  );
  return 1;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  return major > oldest || (major === oldest && minor >= oldestMinor);
}

/** Returns a signal that SIGINT and SIGTERM abort; from the call on they no longer end the process. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  return controller.signal;
}
