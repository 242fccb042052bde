import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { throttle } from '../../../../agent/cli/kubectl/cluster/throttle.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('throttle', () => {
  it('calls immediately, then once per pause, and makes the last call', () => {
    const tell = vi.fn<() => void>();
    const call = throttle(tell, 100, new AbortController().signal);
    call();
    expect(tell).toHaveBeenCalledTimes(1);
    call();
    call();
    vi.advanceTimersByTime(99);
    expect(tell).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(tell).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    expect(tell).toHaveBeenCalledTimes(2);
    call();
    expect(tell).toHaveBeenCalledTimes(3);
  });

  it('makes no call after the signal has aborted', () => {
    const [tell, ending] = [vi.fn<() => void>(), new AbortController()];
    const call = throttle(tell, 100, ending.signal);
    call();
    call();
    ending.abort();
    vi.advanceTimersByTime(1000);
    call();
    expect(tell).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
