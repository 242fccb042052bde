// One node's change: journal, write, restart, proof; and back to the exact bytes when the proof fails.

import { errorText } from '../text/error-text.ts';
import type { BegunChange, MemoryStore } from './memory.ts';
import { proveKubelet, type Proof, type ProofPorts, type ProofRequest } from './prove.ts';
import type { HostFiles } from './ports.ts';

export interface ChangePorts extends ProofPorts {
  readonly files: HostFiles;
  readonly memory: MemoryStore;
}

export interface Change {
  readonly unit: string;
  readonly file: string;
  /** undefined: there is no such file. */
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
  readonly restart: boolean;
  /** The kubelet's present InvocationID. */
  readonly invocation: string;
  readonly healthz: ProofRequest['healthz'];
  readonly accepts: ProofRequest['accepts'];
  /** Asked once, after the write and before the restart. false: everything is taken back, and nothing restarted. */
  readonly mayRestart: () => Promise<boolean>;
  /** Called when the file is as it shall be and stays so, just before the kubelet is restarted. */
  readonly onWritten: () => void;
}

export type ChangeResult =
  | {
      readonly kind: 'done';
      readonly proof: Extract<Proof, { ok: true }> | undefined;
      readonly tookMs: number;
    }
  /** The restart was not allowed any more; the old bytes are back. */
  | { readonly kind: 'held' }
  | { readonly kind: 'rolled-back'; readonly why: string }
  /** The old bytes are back, but the kubelet is not healthy with them either. */
  | { readonly kind: 'stuck'; readonly why: string };

/** Carries the change out. The journal stays until the caller has saved what came of it (`endChange`). */
export async function carryOut(ports: ChangePorts, change: Change): Promise<ChangeResult> {
  const startedAt = ports.clock.now();
  const journalled = ports.memory.beginChange(journalOf(change, startedAt));
  try {
    await putAfter(journalled, ports.files, change);
    if (change.restart && !(await change.mayRestart())) {
      return await takeBack(ports, change);
    }
    change.onWritten();
    if (!change.restart) {
      return { kind: 'done', proof: undefined, tookMs: elapsed(ports, startedAt) };
    }
    const proof = await restartAndProve(ports, change);
    if (proof.ok) {
      return { kind: 'done', proof, tookMs: elapsed(ports, startedAt) };
    }
    return await rollBack(ports, change, proof.why);
  } catch (error) {
    // Nothing has begun without a journal.
    await journalled;
    return await rollBack(ports, change, errorText(error));
  }
}

/** The new file is made ready beside the old one while the journal is being written, and takes its place after that. */
async function putAfter(
  journalled: Promise<void>,
  files: HostFiles,
  { file, before, after }: Change,
): Promise<void> {
  if (after !== undefined && !sameBytes(before, after)) {
    await files.writeAtomic(file, after, { after: journalled });
    return;
  }
  await journalled;
  if (!sameBytes(before, after)) {
    await files.remove(file);
  }
}

async function takeBack({ files }: ChangePorts, { file, before, after }: Change): Promise<ChangeResult> {
  if (!sameBytes(before, after)) {
    await put(files, file, before);
  }
  return { kind: 'held' };
}

/** Puts the bytes from before the change back and, when the kubelet was restarted, restarts and proves it again. */
export async function rollBack(ports: ChangePorts, change: Change, why: string): Promise<ChangeResult> {
  try {
    await put(ports.files, change.file, change.before);
    const { invocationId } = await ports.systemd.status(change.unit);
    if (invocationId === change.invocation) {
      return { kind: 'rolled-back', why };
    }
    const proof = await restartAndProve(ports, { ...change, invocation: invocationId, accepts: () => true });
    return proof.ok
      ? { kind: 'rolled-back', why }
      : { kind: 'stuck', why: `${why}. Rolled back, and still: ${proof.why}` };
  } catch (error) {
    return { kind: 'stuck', why: `${why}. The roll-back failed too: ${errorText(error)}` };
  }
}

async function restartAndProve(ports: ChangePorts, change: Change): Promise<Proof> {
  const restartedAt = ports.clock.now();
  await ports.systemd.tryRestart(change.unit);
  return proveKubelet(ports, {
    unit: change.unit,
    previousInvocation: change.invocation,
    restartedAt,
    healthz: change.healthz,
    accepts: change.accepts,
  });
}

async function put(files: HostFiles, path: string, content: Uint8Array | undefined): Promise<void> {
  await (content === undefined ? files.remove(path) : files.writeAtomic(path, content));
}

function journalOf(change: Change, startedAt: Date): BegunChange {
  return {
    version: 1,
    startedAt: startedAt.toISOString(),
    unit: change.unit,
    healthz: change.healthz ?? null,
    file: change.file,
    before: base64(change.before),
    after: base64(change.after),
  };
}

function base64(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString('base64');
}

/** True when both are the same bytes, or both are no file. */
export function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0;
}

function elapsed(ports: ChangePorts, since: Date): number {
  return ports.clock.now().getTime() - since.getTime();
}
