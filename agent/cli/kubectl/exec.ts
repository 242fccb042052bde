// A command in a pod's container, as `kubectl exec` runs it.

import { Exec, type V1Status } from '@kubernetes/client-node';
import { Writable } from 'node:stream';
import { errorText } from '../../text/error-text.ts';
import { Refusal } from './failure.ts';
import type { Session } from './session.ts';

export interface InPod {
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

export interface Ran {
  /** The exit code; undefined: the command did not run to its end. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** What the API server says of its end. */
  readonly message: string;
}

/** Runs it and collects what it writes. Throws a Refusal when it cannot be started or does not end in time. */
export async function execInPod({ config, place }: Session, task: InPod): Promise<Ran> {
  const [stdout, stderr] = [collector(), collector()];
  const ended = Promise.withResolvers<V1Status>();
  const exec = new Exec(config());
  const failed = (why: string): Refusal =>
    new Refusal(`Expected to run a command in pod ${place.namespace}/${task.pod}, could not: ${why}`);
  const timer = setTimeout(
    () => ended.reject(failed(`it did not end within ${task.timeoutMs / 1000} s (--request-timeout).`)),
    task.timeoutMs,
  );
  void open().catch((error: unknown) => ended.reject(failed(connectionText(error, place.namespace))));
  try {
    return ranOf(await ended.promise, stdout.text(), stderr.text());
  } finally {
    clearTimeout(timer);
  }

  async function open(): Promise<void> {
    const { namespace } = place;
    const { pod, container, command } = task;
    const [out, error] = [stdout.stream, stderr.stream];
    const socket = await exec.exec(
      namespace,
      pod,
      container,
      [...command],
      out,
      error,
      null,
      false,
      ended.resolve,
    );
    socket.addEventListener('close', () => ended.reject(failed('the connection was closed before its end.')));
    await ended.promise.catch(() => undefined);
    // Waiting for its parting word would keep this process.
    socket.terminate();
  }
}

/** A WebSocket that is refused says its HTTP status in words alone. */
function connectionText(error: unknown, namespace: string): string {
  const message = messageOf(error);
  if (!message.includes('403')) return `${message}.`;
  return `not permitted. You need a Role in ${namespace} with verbs get and create on pods/exec.`;
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return errorText(error);
}

function ranOf({ status, message = '', details }: V1Status, stdout: string, stderr: string): Ran {
  const cause = details?.causes?.find(({ reason }) => reason === 'ExitCode');
  const code = status === 'Success' ? 0 : cause && Number(cause.message);
  return { code, stdout, stderr, message };
}

function collector(): { readonly stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
