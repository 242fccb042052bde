// Which kubelet the unit starts, decided by files and by the running process before anything is run.

import { isKubelet, maybeKubelet, programText } from '../../../kubelet/program.ts';
import type { Clock, Processes, Program, UnitStatus } from '../../ports.ts';

export interface StartPorts {
  readonly processes: Pick<Processes, 'programAt' | 'programOf'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
}

export interface KubeletStart {
  readonly kind: 'kubelet';
  /** The words of ExecStart= from the kubelet on: without a program in front of it that executes it, such as kubenswrapper. */
  readonly execStart: readonly string[];
  /** The binary of the next start. */
  readonly next: Program;
  /** The binary of the running kubelet, which may have been replaced since; undefined while none runs. */
  readonly running: Program | undefined;
}

export interface OtherStart {
  /** `missing`: an upgrade may be replacing the file just now. */
  readonly kind: 'other' | 'missing';
  /** What ExecStart= starts. */
  readonly what: string;
}

/** A process that is so young may not have executed its program yet: it still is systemd's, or the wrapper's, in ms. */
const YOUNG_MS = 3000;
const INTERVAL_MS = 50;

/** Returns the kubelet that the unit starts, or what it starts instead. Runs nothing. */
export async function findStart(ports: StartPorts, status: UnitStatus): Promise<KubeletStart | OtherStart> {
  const { execStart } = status;
  const [path] = execStart;
  const first = path === undefined ? undefined : await ports.processes.programAt(path);
  const found = await kubeletIn(ports.processes, execStart, first);
  if (found === undefined) {
    // What its process runs is left out: that may differ at each pass.
    return path === undefined
      ? { kind: 'other', what: 'nothing' }
      : { kind: first === undefined ? 'missing' : 'other', what: programText(execStart, first) };
  }
  const isExpected = (program: Program): boolean => isProcessOf(program, found.next, found.next === first);
  const running = await runningProgram(ports, status, isExpected);
  return running === undefined || isExpected(running)
    ? { kind: 'kubelet', ...found, running }
    : { kind: 'other', what: `${programText(execStart, first)}; its process runs ${running.path}` };
}

/** Finds the kubelet among the words of ExecStart=: the first, or a later one that the first may execute. */
async function kubeletIn(
  processes: StartPorts['processes'],
  execStart: readonly string[],
  first: Program | undefined,
): Promise<Pick<KubeletStart, 'execStart' | 'next'> | undefined> {
  if (first === undefined) {
    return undefined;
  }
  if (isKubelet(first)) {
    return { execStart, next: first };
  }
  for (const [at, word] of execStart.entries()) {
    const isPath = word.startsWith('/') || word === 'kubelet';
    const next = at > 0 && isPath ? await processes.programAt(word) : undefined;
    if (next !== undefined && isKubelet(next)) {
      return { execStart: execStart.slice(at), next };
    }
  }
  return undefined;
}

/** Returns what the unit's main process runs; waits while it is so young that it may still execute what is expected. */
async function runningProgram(
  { processes, clock }: StartPorts,
  { mainPid, startedMs }: UnitStatus,
  isExpected: (program: Program) => boolean,
): Promise<Program | undefined> {
  if (mainPid === 0) {
    return undefined;
  }
  for (;;) {
    const running = await processes.programOf(mainPid);
    const isYoung = clock.monotonicMs() - startedMs < YOUNG_MS;
    if (running === undefined || isExpected(running) || !isYoung) {
      return running;
    }
    await clock.sleep(INTERVAL_MS);
  }
}

/** An upgrade may have replaced the file of the running kubelet, or renamed it to kubelet.old, where no other program could start it. */
function isProcessOf(running: Program, next: Program, isFirst: boolean): boolean {
  return running.file === next.file || running.path === next.path || (isFirst && maybeKubelet(running));
}
