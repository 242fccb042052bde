// What the agents have left on the hosts, with mode: Restore: an administrator deletes them when nothing is left.

import { STATE_DIR } from '../../../names.ts';
import { someNames } from '../../../text/names.ts';
import type { StatusView } from './status-view.ts';

const NAMES_WIDTH = 200;

/** Returns the nodes that may still hold what the agents put there; undefined unless the policy says mode: Restore. */
export function notRestored({ policy, verdicts }: StatusView): readonly string[] | undefined {
  return policy.mode === 'Restore'
    ? verdicts.filter(({ standing }) => standing !== 'done').map(({ name }) => name)
    : undefined;
}

/** Returns what is left and the next step; undefined unless the policy says mode: Restore. */
export function restoreText(view: StatusView): string | undefined {
  const names = notRestored(view);
  if (names === undefined) {
    return undefined;
  }
  return names.length === 0
    ? 'Nothing of the agents is left on any host. They can be deleted now.'
    : `Deleted now, the agents would leave the flag in the kubelet's file and ${STATE_DIR} on ${someNames(names, NAMES_WIDTH)}. ` +
        'Delete them when no node is named here.';
}
