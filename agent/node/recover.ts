// What the agent's start finds of a change that was cut off.

import type { BegunChange, Memory } from './memory.ts';
import type { ChangePorts } from './change.ts';
import { sameBytes } from './change.ts';

/**
 * The memory, after a change that an earlier run of the agent left unfinished was undone: the old bytes are put
 * back when the file still holds the new ones, and a kubelet that is not running is restarted with them. What the
 * policy wants is then decided anew.
 */
export async function recover(ports: ChangePorts): Promise<Memory> {
  const memory = await ports.memory.load();
  const begun = await ports.memory.begunChange();
  if (begun !== undefined) {
    await undo(ports, begun);
    await ports.memory.endChange();
  }
  return memory;
}

async function undo({ files, systemd, health }: ChangePorts, begun: BegunChange): Promise<void> {
  const before = bytesOf(begun.before);
  const after = bytesOf(begun.after);
  if (sameBytes(before, after) || !sameBytes(await files.read(begun.file), after)) {
    return;
  }
  await (before === undefined ? files.remove(begun.file) : files.writeAtomic(begun.file, before));
  const { activeState, mainPid } = await systemd.status(begun.unit);
  const { healthz } = begun;
  const healthy =
    mainPid !== 0 && (healthz === null || (await health.ok(healthz.address, healthz.port, 2000)));
  if (!healthy && activeState !== 'inactive') {
    await systemd.tryRestart(begun.unit);
  }
}

function bytesOf(base64: string | null): Uint8Array | undefined {
  return base64 === null ? undefined : Buffer.from(base64, 'base64');
}
