// Remembers for a minute what the API server said of a token.

import { createHash } from 'node:crypto';
import type { Access, AskAccess } from '../../../cluster/api/access.ts';

/** Two requests to the API server for each scrape would be most of what the coordinator sends. */
const CACHED_MS = 60_000;
/** Far more than there are scrapers; each takes some 300 bytes. */
const MOST_TOKENS = 100;
/** As many as there can be connections; a client could send many requests on one. */
const MOST_QUESTIONS = 20;

/**
 * Asks once in 60 s for each token, and remembers hashes of the last hundred. What was not answered is asked again. Rejects as
 * `ask`, and when 20 questions are open.
 */
export function cachedAccess(ask: AskAccess, monotonicMs: () => number): AskAccess {
  const known = new Map<string, { readonly answer: Promise<Access>; readonly untilMs: number }>();
  let open = 0;

  async function asked(token: string): Promise<Access> {
    if (open >= MOST_QUESTIONS) {
      throw new Error(`Expected at most ${MOST_QUESTIONS} open questions to the API server, got more`);
    }
    open += 1;
    try {
      return await ask(token);
    } finally {
      open -= 1;
    }
  }

  return (token) => {
    const hash = createHash('sha256').update(token).digest('base64');
    const found = known.get(hash);
    if (found !== undefined && monotonicMs() < found.untilMs) return found.answer;
    const answer = asked(token);
    // Deleted first, so that the oldest entry stays the first one.
    known.delete(hash);
    known.set(hash, { answer, untilMs: monotonicMs() + CACHED_MS });
    const [oldest] = known.keys();
    if (known.size > MOST_TOKENS && oldest !== undefined) known.delete(oldest);
    answer.catch(() => {
      if (known.get(hash)?.answer === answer) known.delete(hash);
    });
    return answer;
  };
}
