// Counts the requests of a transport.

import { ApiError } from './errors.ts';
import type { Transport } from './transport.ts';

/** `code`: a status, or `error` when the API server did not answer. `verb`: the HTTP method, or WATCH. */
export type CountRequest = (verb: string, code: string) => void;

/** Returns `transport`, each of whose requests calls `count` once: when it has ended, or when a watch has begun. */
export function countedTransport(transport: Transport, count: CountRequest): Transport {
  return {
    ...transport,
    async request(request) {
      try {
        const answer = await transport.request(request);
        count(request.method, String(answer.status));
        return answer;
      } catch (error) {
        count(request.method, codeOf(error));
        throw error;
      }
    },
    async *read(request) {
      try {
        yield* transport.read(request);
      } catch (error) {
        count(request.method, codeOf(error));
        throw error;
      }
      count(request.method, '200');
    },
    async *stream(request) {
      let isOpen = false;
      const onOpen = (): void => {
        isOpen = true;
        count('WATCH', '200');
        request.onOpen?.();
      };
      try {
        yield* transport.stream({ ...request, onOpen });
      } catch (error) {
        if (!isOpen) count('WATCH', codeOf(error));
        throw error;
      }
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof ApiError ? String(error.status) : 'error';
}
