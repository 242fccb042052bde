import { ApiException } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { retryOnConflict } from '../../../scripts/kubernetes/cluster.ts';

/** Returns an edit that fails with these HTTP statuses, one after the other, and then succeeds. */
function failing(...codes: readonly number[]): { edit: () => Promise<void>; attempts: () => number } {
  let attempts = 0;
  const edit = async (): Promise<void> => {
    const code = codes[attempts];
    attempts += 1;
    if (code !== undefined) throw new ApiException(code, 'refused', {}, {});
  };
  return { edit, attempts: () => attempts };
}

describe('retryOnConflict', () => {
  it('repeats an edit until it no longer conflicts', async () => {
    const { edit, attempts } = failing(409, 409);
    await retryOnConflict(2, edit);
    expect(attempts()).toBe(3);
  });

  it('gives up after that many more attempts', async () => {
    const { edit, attempts } = failing(409, 409, 409);
    await expect(retryOnConflict(1, edit)).rejects.toThrow(ApiException);
    expect(attempts()).toBe(2);
  });

  it('does not retry an edit that failed for another reason', async () => {
    const { edit, attempts } = failing(403);
    await expect(retryOnConflict(5, edit)).rejects.toThrow(ApiException);
    expect(attempts()).toBe(1);
  });
});
