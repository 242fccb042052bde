import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { tool, ToolError } from '../../../../scripts/bed/build/tool.ts';

/** A second Node starts in it; on a busy machine that takes seconds. */
const SLOW_START = { timeout: 30_000 };

describe('tool', () => {
  it('returns standard output, and calls onLine for every line of both outputs while it runs', async () => {
    const lines: string[] = [];
    const printed = await tool(['sh', '-c', 'echo out; echo err >&2'], {
      onLine: (line) => lines.push(line),
    });
    expect(printed).toBe('out');
    expect(lines.toSorted()).toEqual(['err', 'out']);
  });

  it('throws the command, its exit code and its last output', async () => {
    const failing = tool(['sh', '-c', 'echo first; echo last >&2; exit 3']);
    const error = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolError);
    expect(error).toMatchObject({ exitCode: 3, output: 'first\nlast' });
  });

  it('throws a ToolError without exit code when the tool does not exist', async () => {
    const error = await tool(['no-such-tool-anywhere']).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolError);
    expect(error).toMatchObject({ exitCode: undefined });
  });

  it('ends a tool with endsWithUs when this process is killed', SLOW_START, async () => {
    const module = JSON.stringify(new URL('../../../../scripts/bed/build/tool.ts', import.meta.url).href);
    const script = `import { tool } from ${module};
      await tool(['sh', '-c', 'echo $$; exec sleep 60'], { endsWithUs: 'alone', onLine: console.log });`;
    const us = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed]: unknown[] = await once(us.stdout, 'data');
    const pid = Number(String(printed));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    us.kill('SIGKILL');
    await vi.waitUntil(() => !existsSync(`/proc/${pid}`), 20_000);
  });
});
