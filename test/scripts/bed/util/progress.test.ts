import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { consoleLog, silent } from '../../../../scripts/bed/util/progress.ts';

class Sink extends Writable {
  readonly isTTY: boolean;
  readonly columns = 60;
  written = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString();
    done();
  }

  /** What a terminal would show at the end, line by line. */
  get screen(): string[] {
    return this.written.split('\n').map((line) => line.split('\r\u001b[2K').at(-1) ?? '');
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('consoleLog on a plain stream', () => {
  it('prints the title at once and the time at the end', async () => {
    const sink = new Sink(false);
    const step = consoleLog(sink).step('Making tea', () => takes(1_500, 'tea'));
    expect(sink.written).toBe('Making tea …\n');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await step).toBe('tea');
    expect(sink.written).toBe('Making tea …\nMaking tea: done in 1.5 s\n');
  });

  it('prints the elapsed time and the last note every ten seconds', async () => {
    const sink = new Sink(false);
    const step = consoleLog(sink).step('Making tea', (note) => {
      note('water');
      note('leaves');
      return takes(21_000, 'tea');
    });
    await vi.advanceTimersByTimeAsync(60_000);
    await step;
    expect(sink.written.split('\n')).toEqual([
      'Making tea …',
      '  Making tea … 10 s: leaves',
      '  Making tea … 20 s: leaves',
      'Making tea: done in 21.0 s',
      '',
    ]);
  });

  it('prints that a step failed, rethrows its error, and prints nothing afterwards', async () => {
    const sink = new Sink(false);
    const step = consoleLog(sink).step('Making tea', async () => {
      throw new Error('no leaves');
    });
    await expect(step).rejects.toThrow('no leaves');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sink.screen).toEqual(['Making tea …', 'Making tea: failed after 0.0 s', '']);
  });
});

describe('consoleLog on a terminal', () => {
  it('rewrites one line, with the elapsed seconds from the second one on', async () => {
    const sink = new Sink(true);
    const step = consoleLog(sink).step('Making tea', (note) => {
      note('water');
      return takes(3_500, 'tea');
    });
    expect(sink.screen).toEqual(['Making tea …']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sink.screen).toEqual(['Making tea …']);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sink.screen).toEqual(['Making tea … 3 s: water']);
    await vi.advanceTimersByTimeAsync(500);
    await step;
    expect(sink.screen).toEqual(['Making tea: done in 3.5 s', '']);
  });

  it('keeps printed lines above the line of the running step', async () => {
    const sink = new Sink(true);
    const log = consoleLog(sink);
    const step = log.step('Making tea', () => takes(100, 'tea'));
    log.say('The kettle is red.');
    expect(sink.screen).toEqual(['The kettle is red.', 'Making tea …']);
    await vi.advanceTimersByTimeAsync(100);
    await step;
    expect(sink.screen).toEqual(['The kettle is red.', 'Making tea: done in 0.1 s', '']);
  });

  it('shows the newest of several steps and the number of others, within the width', async () => {
    const sink = new Sink(true);
    const log = consoleLog(sink);
    const steps = [
      log.step('Making tea', () => takes(5_000, 'tea')),
      log.step('Baking bread', () => takes(4_000, 'bread')),
    ];
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sink.screen).toEqual(['Baking bread … 3 s (and 1 more)']);
    const long = log.step('x'.repeat(100), () => takes(100, ''));
    expect(sink.screen.at(-1)).toHaveLength(59);
    await vi.advanceTimersByTimeAsync(2_000);
    await Promise.all([...steps, long]);
    expect(sink.screen.slice(1)).toEqual(['Baking bread: done in 4.0 s', 'Making tea: done in 5.0 s', '']);
  });
});

describe('silent', () => {
  it('runs the work and returns its result', async () => {
    expect(await silent.step('Making tea', async () => 'tea')).toBe('tea');
  });
});

async function takes<T>(ms: number, result: T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return result;
}
