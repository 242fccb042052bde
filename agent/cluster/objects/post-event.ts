// Posts an Event.

import type { CoreV1Event } from '@kubernetes/client-node';
import { isAlreadyExists } from '../http/errors.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Transport } from '../http/transport.ts';

/** Posts the Event. Its name is unique to its content: AlreadyExists counts as success. Other errors reject as `Transport.request` does. */
export async function postEvent(
  transport: Pick<Transport, 'request'>,
  event: CoreV1Event,
  options: Pick<ApiRequest, 'query' | 'timeoutMs'> = {},
): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(event.metadata.namespace ?? '')}/events`;
  try {
    await transport.request({ method: 'POST', path, body: event, idempotent: true, ...options });
  } catch (error) {
    if (!isAlreadyExists(error)) {
      throw error;
    }
  }
}
