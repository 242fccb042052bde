// Runs a command inside a pod to completion.

import { Writable } from 'node:stream';
import type { V1Status } from '@kubernetes/client-node';
import type { Cluster } from './cluster.ts';
import { TutorialError } from './errors.ts';
import { TUTORIAL_NAMESPACE } from './names.ts';
import { CONTAINER } from './pods.ts';

export interface Said {
  /** Without the final newline. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const TIMEOUT_MS = 20_000;

/**
 * Runs argv in the tutorial's container of a pod. Resolves also for a non-zero exit status; throws a TutorialError when
 * the command cannot be run or does not end within 20 s.
 */
export async function execIn(cluster: Cluster, pod: string, argv: readonly string[]): Promise<Said> {
  const stdout = collector();
  const stderr = collector();
  const status = await ended(cluster, pod, argv, stdout.stream, stderr.stream);
  return { stdout: stdout.text(), stderr: stderr.text(), exitCode: exitCodeOf(status, pod, argv) };
}

/** Like execIn; resolves with standard output, throws a TutorialError for a non-zero exit status. */
export async function outputOf(cluster: Cluster, pod: string, argv: readonly string[]): Promise<string> {
  const said = await execIn(cluster, pod, argv);
  if (said.exitCode !== 0) {
    throw new TutorialError(
      `Expected \`${argv.join(' ')}\` in ${pod} to succeed, got exit code ${said.exitCode}`,
      [said.stdout, said.stderr].filter(Boolean),
    );
  }
  return said.stdout;
}

async function ended(
  cluster: Cluster,
  pod: string,
  argv: readonly string[],
  stdout: Writable,
  stderr: Writable,
): Promise<V1Status> {
  const { promise, resolve, reject } = Promise.withResolvers<V1Status>();
  const fail = (why: string, cause?: unknown): void =>
    reject(new TutorialError(`Expected \`${argv.join(' ')}\` in ${pod} to run, but ${why}`, [], { cause }));
  const timer = setTimeout(() => fail(`it did not end within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
  try {
    cluster.exec
      .exec(TUTORIAL_NAMESPACE, pod, CONTAINER, [...argv], stdout, stderr, null, false, resolve)
      .then(
        (socket) => socket.addEventListener('close', () => fail('the connection closed before it ended')),
        (error: unknown) => fail(`the connection failed: ${problemOf(error)}`, error),
      );
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function exitCodeOf(status: V1Status, pod: string, argv: readonly string[]): number {
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  if (cause?.message === undefined) {
    throw new TutorialError(`Expected \`${argv.join(' ')}\` in ${pod} to run, but: ${status.message}`);
  }
  return Number(cause.message);
}

/** Returns the message of an error or of a WebSocket's error event, which is not an Error. */
function problemOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

function collector(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8').replace(/\n$/, '') };
}
