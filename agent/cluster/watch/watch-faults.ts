// Logs faults of a watch that are not failures of the API server.

import type { WatchOptions } from './watch-loop.ts';
import type { AgentLog } from '../../report/log.ts';

/** Listeners that log a callback that threw, with its stack, and an object that could not be parsed, with its name. */
export function loggedFaults(
  log: Pick<AgentLog, 'warn'> | undefined,
): Required<Pick<WatchOptions, 'onFault' | 'onUnreadable'>> {
  return {
    onFault: (error) =>
      log?.warn(
        { err: error },
        'Internal error: a change from the API server could not be processed. The watch continues. Report this bug with its stack.',
      ),
    onUnreadable: (object, error) =>
      log?.warn(
        { object, err: error },
        `${object} could not be read. It is ignored until its next readable version. Other objects are still watched.`,
      ),
  };
}
