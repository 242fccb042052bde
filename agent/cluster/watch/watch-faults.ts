// Faults of a watch that are not the API server's, in the log.

import type { AgentLog } from '../../node/ports.ts';
import type { WatchOptions } from './watch-loop.ts';

/** The listeners that log a callback that threw, with its stack, and an object that could not be read, with its name. */
export function loggedFaults(
  log: Pick<AgentLog, 'warn'> | undefined,
): Required<Pick<WatchOptions, 'onFault' | 'onUnreadable'>> {
  return {
    onFault: (error) =>
      log?.warn(
        { err: error },
        'Internal error: news from the API server could not be processed. The watch continues. Report this bug with its stack.',
      ),
    onUnreadable: (object, error) =>
      log?.warn(
        { object, err: error },
        `${object} could not be read. It is ignored until it can be. The other objects are followed.`,
      ),
  };
}
