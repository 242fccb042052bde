// docs/reference/plugin.md, made of the plugin's own help, exit codes and types.

import { EXIT } from '../../agent/cli/exit.ts';
import { PLAN_EXIT } from '../../agent/cli/kubectl/commands/plan.ts';
import { WAIT_EXIT } from '../../agent/cli/kubectl/commands/wait.ts';
import { runKubectlProgram } from '../../agent/cli/kubectl/program.ts';
import { JSON_FIELDS } from './json-fields.ts';

const HEAD = `# The kubectl plugin

<!-- Made by scripts/reference.ts of the plugin's own help: do not edit. -->

An executable file \`kubectl-sysctls\` on the \`PATH\` runs as \`kubectl sysctls\`. What each command may read and write:
[rbac.md](rbac.md).

\`-n\` is the namespace of the agents, and for \`why\` that of the pod, as everywhere in kubectl; \`why\` takes the namespace of the
agents as \`--agents-namespace\`. Names of nodes are literal, never regular expressions; several nodes are named one by one or
selected by label with \`-l\`. A list of nodes that \`-o name\` prints can be given to \`pause\`, \`resume\` and \`retry\`:

<!-- not run: pauses what an edit would change; test/e2e/fleet/plugin.test.ts pauses nodes -->
\`\`\`sh
kubectl sysctls pause $(kubectl sysctls plan -f policy.yaml -o name)
\`\`\`
`;

type Codes<T> = Readonly<Record<keyof T, string>>;

const ALL: Codes<typeof EXIT> = {
  ok: 'done',
  no: 'not done, on one node at least; or the answer is no, or not valid',
  usage: 'wrong usage: nothing was read or written',
};
const WAIT: Codes<typeof WAIT_EXIT> = {
  halted: 'the rollout halted, or only failed nodes are left',
  timeout: 'not done within `--timeout`',
};
const PLAN: Codes<typeof PLAN_EXIT> = {
  nothing: 'no node would change',
  changes: 'a node would change',
  error: 'the file is not valid, wrong usage, or an error',
};

/** Returns the page. Rejects when a command has no help. */
export async function pluginPage(): Promise<string> {
  const names = await commandNames();
  const helps = await Promise.all([[], ...names.map((name) => [name])].map(helpOf));
  const commands = names.flatMap((name, at) => [
    `### ${name}\n\n\`\`\`text\n${helps[at + 1]}\`\`\`\n`,
    ...fieldsOf(name),
  ]);
  return [
    HEAD,
    `## Exit codes\n\n${exitTable()}\n`,
    `## Commands\n\n\`\`\`text\n${helps[0]}\`\`\`\n`,
    ...commands,
  ].join('\n');
}

function exitTable(): string {
  return [
    '| Command | Exit code | Meaning |',
    '| --- | --- | --- |',
    ...rowsOf('every command', EXIT, ALL),
    ...rowsOf('`wait`', WAIT_EXIT, WAIT),
    ...rowsOf('`plan --exit-code`', PLAN_EXIT, PLAN),
  ].join('\n');
}

function rowsOf(
  command: string,
  codes: Readonly<Record<string, number>>,
  texts: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(codes).map(([key, code]) => `| ${command} | ${code} | ${texts[key]} |`);
}

function fieldsOf(command: string): readonly string[] {
  const fields = JSON_FIELDS[command];
  if (fields === undefined) return [];
  const what = command === 'history' ? ', of each of its `changes`' : '';
  const rows = Object.entries(fields).map(([name, text]) => `| \`${name}\` | ${text} |`);
  return [
    `Fields of \`-o json\` and \`-o yaml\`${what}:\n\n| Field | Meaning |\n| --- | --- |\n${rows.join('\n')}\n`,
  ];
}

async function commandNames(): Promise<readonly string[]> {
  const lines = (await outputOf(['__complete', ''])).trimEnd().split('\n');
  return lines.filter((line) => !line.startsWith(':')).map((line) => line.split('\t')[0] ?? '');
}

async function helpOf(words: readonly string[]): Promise<string> {
  const text = await outputOf([...words, '--help']);
  if (!text.startsWith('Usage: kubectl sysctls')) {
    throw new Error(`Expected the help of ${words.join(' ')}, got ${text.slice(0, 80)}`);
  }
  return text;
}

async function outputOf(words: readonly string[]): Promise<string> {
  const parts: string[] = [];
  const stdout = { write: (text: string) => parts.push(text), columns: 100 };
  await runKubectlProgram(['node', 'kubectl-sysctls', ...words], {
    stdout,
    stderr: stdout,
    env: {},
    interruption: () => new AbortController().signal,
  });
  return parts.join('');
}
