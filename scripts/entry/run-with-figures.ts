// Runs the test files of a folder with vitest, and repeats their figures at the end.

import { execa } from 'execa';

export interface FiguresRun {
  /** vitest's project. */
  readonly project: string;
  /** Such as test/faults/. */
  readonly folder: string;
  /** Files of the folder, or parts of their paths; none: all. */
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the exit code: 0 nothing failed, 1 a test failed. A line of figures begins with the folder's name: `  faults · …`. */
export async function runWithFigures({ project, folder, files, env }: FiguresRun): Promise<number> {
  const paths = files.length === 0 ? [folder] : files.map((file) => folder + file.replace(folder, ''));
  const running = execa('vitest', ['run', `--project=${project}`, '--reporter=verbose', ...paths], {
    preferLocal: true,
    reject: false,
    stdin: 'ignore',
    stdout: ['inherit', 'pipe'],
    stderr: 'inherit',
    env,
  });
  const { stdout, failed } = await running;
  const begin = `  ${folder.split('/').at(-2)} · `;
  const figures = stdout.split('\n').filter((line) => line.startsWith(begin));
  const texts = figures.map((line) => `- ${line.slice(begin.length)}`);
  process.stdout.write(texts.length === 0 ? '' : `\n${texts.join('\n')}\n`);
  return failed ? 1 : 0;
}
