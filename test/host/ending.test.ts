import { describe, expect, test } from 'vitest';
import { endingOf, type LastProcess } from '../../agent/host/ending.ts';

const START = { name: 'kubelet.service', invocationId: 'a'.repeat(32) };
const ENDED: LastProcess = {
  invocationId: START.invocationId,
  mainPid: 0,
  code: 1,
  status: 0,
  result: 'success',
};
const STARTED_AGAIN: LastProcess = { ...ENDED, invocationId: 'b'.repeat(32), mainPid: 9, code: 0 };
const STARTING = { MESSAGE_ID: '7d4958e842da4a758f6c1cdc7b36dcc5' };
const STOPPING = { MESSAGE_ID: 'de5b426a63be47a7b6ac3eaac82e2f6f' };

const ending = (last: LastProcess, ...lines: readonly object[]) =>
  endingOf(async () => lines.map((line) => JSON.stringify(line)).join('\n'), START, last);

const fails = (): Promise<string> => Promise.reject(new Error('journalctl exited with 1'));

describe('how a start of the unit ended', () => {
  test.each([
    ['a clean exit', { code: 1, status: 0, result: 'success' }, 'exited'],
    ['an exit with an error', { code: 1, status: 1, result: 'exit-code' }, 'exited'],
    ['a signal', { code: 2, status: 15, result: 'signal' }, 'killed'],
    ['a core dump', { code: 3, status: 6, result: 'core-dump' }, 'dumped'],
  ])(
    'is read from the properties of its unit while systemd has started no other process: %s',
    async (_what, last, code) => {
      expect(await ending({ ...ENDED, ...last }, STARTING)).toEqual({ ...last, code, isByJob: false });
    },
  );

  test('is read from the journal when systemd has started the next process', async () => {
    const exit = { EXIT_CODE: 'exited', EXIT_STATUS: '1' };

    expect(await ending(STARTED_AGAIN, STARTING, exit, { UNIT_RESULT: 'exit-code' })).toEqual({
      isByJob: false,
      code: 'exited',
      status: 1,
      result: 'exit-code',
    });
    expect(await ending(STARTED_AGAIN, STARTING)).toMatchObject({
      code: 'exited',
      status: 0,
      result: 'success',
    });
  });

  test('is by a job when systemd logged that it stops the unit', async () => {
    expect(await ending(ENDED, STARTING, STOPPING)).toMatchObject({ isByJob: true });
    expect(await ending(STARTED_AGAIN, STOPPING)).toMatchObject({ isByJob: true, result: 'success' });
  });

  test('is read from the properties of its unit when journald does not answer', async () => {
    expect(await endingOf(fails, START, ENDED)).toMatchObject({ isByJob: false, status: 0 });
    expect(await endingOf(fails, START, STARTED_AGAIN)).toBeUndefined();
  });

  test('is not known while the process runs, and when the journal has nothing of it', async () => {
    expect(await ending({ ...ENDED, mainPid: 7, code: 0 }, STARTING)).toBeUndefined();
    expect(await ending(STARTED_AGAIN)).toBeUndefined();
  });
});
