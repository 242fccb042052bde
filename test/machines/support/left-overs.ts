// What a change leaves on a machine until it has ended.

import { UNITS_FOLDER } from '../../../agent/host/rollback/rollback-script.ts';
import { TEMPORARY_MARK } from '../../../agent/host/files/temporary.ts';
import { STATE_DIR, UNDO_UNIT } from '../../../agent/names.ts';
import { JOURNAL_FILE, TAKEN_FILE, UNDONE_FILES } from '../../../agent/node/state/state-store.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { PATHS } from '../../faults/support/change/host-view.ts';

/** The unit that undoes a change at the next boot, and what has it started. */
export const BOOT_UNIT_FILES: readonly string[] = [PATHS.bootUnit, PATHS.bootLink];
const FILES = [JOURNAL_FILE, TAKEN_FILE, ...Object.values(UNDONE_FILES), ...BOOT_UNIT_FILES];
const FOLDERS = [STATE_DIR, UNITS_FOLDER, '/run/systemd/transient', '/etc/default'];
const STATES = ['--all', '--plain', '--no-legend', '--state=active,activating,reloading,failed'];

/** Returns the paths and units that are there; none at rest. */
export async function leftOvers(node: TestNode): Promise<readonly string[]> {
  const temporary = ['-name', `*${TEMPORARY_MARK}*`, '-o', '-name', `${UNDO_UNIT}.*`];
  const files = await node.bedNode.exec(
    ['find', ...FILES, ...FOLDERS, '-maxdepth', '0', '-not', '-type', 'd'],
    {
      reject: false,
    },
  );
  const inFolders = await node.bedNode.exec(['find', ...FOLDERS, '-maxdepth', '1', '(', ...temporary, ')'], {
    reject: false,
  });
  const units = await node.exec(['systemctl', 'list-units', ...STATES, `${UNDO_UNIT}*`]);
  return [files, inFolders, units].flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== ''));
}

/** Returns the same when nothing is there any more, or after a minute: an agent that reports Done removes its last files then. */
export async function leftInTheEnd(node: TestNode): Promise<readonly string[]> {
  await until(async () => (await leftOvers(node)).length === 0, { timeoutMs: 60_000, everyMs: 500 });
  return leftOvers(node);
}
