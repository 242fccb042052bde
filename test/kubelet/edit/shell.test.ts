import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EditError, editExtraArgs } from '../../../agent/kubelet/edit/edit.ts';
import { fromByteString, toByteString } from '../../../agent/kubelet/environment/bytes.ts';
import { findAssignment, parseEnvironmentFile } from '../../../agent/kubelet/environment/environment-file.ts';
import { shellValue } from '../../../agent/kubelet/environment/shell.ts';
import { ALLOWED_FLAG, parseFlags } from '../../../agent/kubelet/flags/flags.ts';
import { wordTexts } from '../../../agent/kubelet/words.ts';
import { goodFile, shellFile } from '../arbitraries.ts';
import { readByShell, runScript, SHELLS } from './real-shells.ts';

const KEY = 'KUBELET_EXTRA_ARGS';
const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn,kernel.shm*';
/** Files for one process of a shell. */
const BATCH = 300;
const TIMEOUT_MS = 120_000;

function systemdValue(file: string | undefined): string {
  const document = parseEnvironmentFile(fromByteString(file ?? ''), 252);
  return findAssignment(document, KEY)?.bytes ?? '';
}

function edited(file: string | undefined, carried = '', flag: string | undefined = FLAG): string {
  const words = wordTexts(file === undefined ? carried : systemdValue(file));
  const uses = parseFlags(words).uses.filter(({ name }) => name === ALLOWED_FLAG);
  return toByteString(
    editExtraArgs({
      content: file === undefined ? undefined : fromByteString(file),
      systemdVersion: 252,
      carried,
      uses,
      flag,
    }),
  );
}

/** undefined: the agent refuses the file, because a quote of its last line is open. */
function editedIfPossible(file: string, flag: string | undefined): string | undefined {
  try {
    return edited(file, '', flag);
  } catch (error) {
    if (error instanceof EditError) return undefined;
    throw error;
  }
}

/** Edits the files that the shell reads as systemd does. Returns how many, and those that it no longer reads so. */
function editsReadBy(
  shell: readonly string[],
  files: readonly string[],
  flag: string | undefined,
): { readonly edits: number; readonly lost: readonly object[] } {
  const was = readByShell(shell, files);
  const edits = files.flatMap((file, index) => {
    const value = systemdValue(file);
    const after = value !== '' && was[index] === value ? editedIfPossible(file, flag) : undefined;
    return after === undefined ? [] : [{ file, after }];
  });
  const now = readByShell(
    shell,
    edits.map(({ after }) => after),
  );
  return {
    edits: edits.length,
    lost: edits.filter(({ after }, index) => now[index] !== systemdValue(after)),
  };
}

/** Files of real nodes, cut to what matters; a shell reads each but the last as systemd does. */
const REAL_FILES = [
  `${KEY}=--node-ip=10.0.0.11\n`,
  `${KEY}=--runtime-cgroups=/system.slice/containerd.service`,
  `# by cloud-init\nexport ${KEY}\n${KEY}="--node-ip=10.0.0.11 --provider-id=aws:///eu/i-1"\n`,
  `${KEY}="\\\n--cpu-manager-policy=static \\\n--feature-gates=A=true  --v=2"\n`,
  `${KEY}="--fail-swap-on=false --allowed-unsafe-sysctls='kernel.shm*,net.*,kernel.sem'"\n`,
  `HTTP_PROXY="http://10.0.0.1:3128"\nexport HTTP_PROXY http_proxy\n${KEY}='--v=2'\n`,
  `set -o allexport\n${KEY}=--node-labels=a=b\nset +o allexport\n`,
  `[ -f /etc/none ] && . /etc/none\n${KEY}=--v=2\n`,
  `${KEY}=--cni-bin-dir=/usr/libexec/cni --reserved-cpus="0-29" --pod-max-pids 10000\n`,
];

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('$name', ({ shell }) => {
  const files = fc.array(fc.oneof(goodFile, shellFile), { minLength: BATCH, maxLength: BATCH });
  const RUNS = { numRuns: 2, endOnFailure: true };

  it(
    'reads systemd’s value after an edit wherever it read that before',
    () => {
      fc.assert(
        fc.property(files, fc.constantFrom(FLAG, undefined), (before, flag) => {
          const { edits, lost } = editsReadBy(shell, before, flag);
          expect(edits).toBeGreaterThan(BATCH / 10);
          expect(lost).toEqual([]);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it('reads the files of real nodes after an edit as before', () => {
    expect(editsReadBy(shell, REAL_FILES, FLAG)).toEqual({ edits: REAL_FILES.length - 1, lost: [] });
  });

  it(
    'reads the value that shellValue says',
    () => {
      fc.assert(
        fc.property(files, (any) => {
          // Shells differ over these outside quotes; shellValue takes each for what gives systemd's value.
          const all = any.filter((file) => !/[(~]|\$\\\n|\\$/.test(file));
          const real = readByShell(shell, all);
          const wrong = all.flatMap((file, index) => {
            const ours = shellValue(file, KEY);
            const isKnown = ours !== undefined && real[index] !== undefined;
            return isKnown && ours !== real[index] ? [{ file, ours, real: real[index] }] : [];
          });
          expect(wrong).toEqual([]);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});

describe('an edit', () => {
  it.each([
    // F04: the one word is quoted as a whole once there is a second.
    ['one unquoted word', '--node-ip=10.0.0.11', `'--node-ip=10.0.0.11 ${FLAG}'`],
    ['an escaped blank', String.raw`--a\ --b`, String.raw`--a\ --b\ ${FLAG}`],
    ['one word with inner quotes', '--reserved-cpus="0-29"', `'--reserved-cpus="0-29" ${FLAG}'`],
    // F20: no shell ever read this value, and the vendor's own script matches its quotes.
    [
      'unquoted words',
      '--node-ip=fd00::2 --reserved-cpus="0-29" --pod-max-pids 10000',
      `--node-ip=fd00::2 --reserved-cpus="0-29" --pod-max-pids 10000 ${FLAG}`,
    ],
    // F23: the flag is replaced, and every other byte stays.
    [
      'single quotes in double ones',
      `"--fail-swap-on=false --allowed-unsafe-sysctls='kernel.shm*,net.*,kernel.sem'"`,
      `"--fail-swap-on=false ${FLAG}"`,
    ],
    ['the package’s own empty value', '', FLAG],
  ])('keeps what a shell reads, and else the bytes: %s', (_, before, after) => {
    expect(edited(`${KEY}=${before}\n`)).toBe(`${KEY}=${after}\n`);
  });

  it('keeps the continuation lines of a double-quoted value (F21)', () => {
    const lines =
      '\\\n--cpu-manager-policy=static \\\n--kube-reserved=cpu=1 \\\n--feature-gates=A=true  --x=y';
    expect(edited(`${KEY}="${lines}"\n`)).toBe(`${KEY}="${lines} ${FLAG}"\n`);
  });

  it('keeps lines that only systemd or only a shell understands (F25)', () => {
    const others = 'HTTP_PROXY="http://10.0.0.1:3128"#kubeone\nexport HTTP_PROXY http_proxy\n';
    expect(edited(`${others}${KEY}=--v=2\n`)).toBe(`${others}${KEY}='--v=2 ${FLAG}'\n`);
  });

  it('repeats the assignment where a line that systemd ignores would give a shell the old value', () => {
    const file = `${KEY}=--v=2\nexport ${KEY}=--v=2\n`;
    expect(edited(file)).toBe(`${file}${KEY}=--v=2\\ ${FLAG}\n`);
  });

  it('lets a script that sources the file and writes it again keep every argument (F04)', () => {
    const script = `. "$1"; echo "${KEY}=\\"$${KEY} --provider-id=x\\"" > "$1"`;
    const after = runScript(script, edited(`${KEY}=--node-ip=10.0.0.11\n`));
    expect(wordTexts(systemdValue(after))).toEqual(['--node-ip=10.0.0.11', FLAG, '--provider-id=x']);
  });
});

describe('what the agent creates', () => {
  const created = [
    ['a file', edited(undefined)],
    ['a file with carried arguments', edited(undefined, `--v=3 --x='a b'`)],
    ['a line behind one without a newline', edited('A=1')],
    ['a line behind a continuation', edited('A=1 \\')],
    ['a line behind a comment with a backslash', edited('# end \\')],
    ['a value in a last line without a newline', edited(`${KEY}=--v=2`)],
    ['a value in a last line that is continued', edited(`${KEY}=--v=2 --w \\`)],
    ['a value in a last line that is continued by an empty one', edited(`${KEY}=--v=2 --w \\\n`)],
  ] as const;

  it.each(SHELLS)('is read by %s as by systemd', (...shell) => {
    const files = created.map(([, file]) => file).slice(0, 6);
    expect(readByShell(shell, files)).toEqual(files.map(systemdValue));
  });

  it.each(created)('takes a line that another party appends: %s', (_, file) => {
    for (const script of [
      `echo '${KEY}=--node-ip=10.0.0.11' >> "$1"`,
      `echo -n '${KEY}=--node-ip=10.0.0.11' >> "$1"`,
      `printf '${KEY}=--node-ip=10.0.0.11' | tee -a "$1"`,
    ]) {
      expect(wordTexts(systemdValue(runScript(script, file)))).toEqual(['--node-ip=10.0.0.11']);
    }
  });

  it.each(created.slice(0, 5))('takes a word that another party appends to its line: %s', (_, file) => {
    const after = runScript(`sed -i '/^${KEY}=/s/$/ --x/' "$1"`, file);
    expect(wordTexts(systemdValue(after))).toEqual([...wordTexts(systemdValue(file)), '--x']);
    const before = runScript(`sed -i 's/^${KEY}=/&--x /' "$1"`, file);
    expect(wordTexts(systemdValue(before))).toEqual(['--x', ...wordTexts(systemdValue(file))]);
  });
});
