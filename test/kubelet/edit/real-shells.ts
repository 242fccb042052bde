// The shells of this machine, asked what they read from an environment file.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Every kind of shell that is there: a script's /bin/sh is one of these. */
export const SHELLS: readonly (readonly string[])[] = [
  ['/bin/sh'],
  ['/bin/dash'],
  ['/bin/bash'],
  ['/bin/busybox', 'sh'],
].filter(([path]) => path !== undefined && existsSync(path));

/** Returns what the shell reads as KUBELET_EXTRA_ARGS, as byte strings; undefined for a file with which it fails. */
export function readByShell(
  [path = '', ...args]: readonly string[],
  files: readonly string[],
): readonly (string | undefined)[] {
  const folder = mkdtempSync(join(tmpdir(), 'shell-'));
  try {
    files.forEach((file, index) => writeFileSync(join(folder, `in.${index}`), file, 'latin1'));
    // One process reads all files, each in a subshell of its own; PATH has no command that a line could run.
    const script = `cd "$1"; PATH=/none; n=0; while [ $n -lt "$2" ]; do ( set +e; . ./in.$n; printf %s "$KUBELET_EXTRA_ARGS" > out.$n; echo > ok.$n ); n=$((n + 1)); done`;
    execFileSync(path, [...args, '-c', script, 'sh', folder, String(files.length)], {
      stdio: 'ignore',
      env: { LC_ALL: 'C' },
    });
    return files.map((_, index) =>
      existsSync(join(folder, `ok.${index}`))
        ? readFileSync(join(folder, `out.${index}`), 'latin1')
        : undefined,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns what a script leaves of a file in its folder: `$1` is the file. */
export function runScript(script: string, file: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'script-'));
  try {
    const path = join(folder, 'kubelet');
    writeFileSync(path, file, 'latin1');
    execFileSync('/bin/sh', ['-c', script, 'sh', path], { stdio: ['ignore', 'ignore', 'inherit'] });
    return readFileSync(path, 'latin1');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
