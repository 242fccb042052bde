// The commands of this project that shell text names: do they, their subcommands and their options exist?

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectAt } from '../../../agent/cluster/http/json.ts';
import { kubectlSysctls } from '../../cli/kubectl/run.ts';
import { isThere, ROOT } from './pages.ts';

const MANIFEST = objectAt(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
/** What `npm run build` and `node scripts/executable.ts` make. */
const BUILT = new Set([...Object.values(objectAt(MANIFEST, 'bin')).map(String), 'dist/kubelet-sysctls']);
const NPM_SCRIPTS = objectAt(MANIFEST, 'scripts');
const IN_TREE = /^(?:\.\/)?(?:agent|scripts|test|docs|daemonset|dist)\//u;

/** A command whose `--help` names its options: the program, and the words before them. */
interface Named {
  readonly program: string;
  readonly words: readonly string[];
  readonly rest: readonly string[];
}

/** Returns what the text names and the checkout has not, one sentence each; empty when all of it exists. */
export function unknownIn(shell: string): readonly string[] {
  return commandsIn(shell).flatMap((words) => [
    ...words
      .map((word) => word.replace(/^\.\//u, ''))
      .filter((word) => IN_TREE.test(word) && !isThere(word) && !BUILT.has(word))
      .map((word) => `${word} does not exist`),
    ...problems(words),
  ]);
}

/** Returns the words of every command of a script: comments and here-documents left out, lines joined. */
export function commandsIn(shell: string): readonly (readonly string[])[] {
  const text = shell
    .replaceAll(/<<'?(?<end>[A-Z]+)'?\n[^]*?\n\k<end>$/gmu, '')
    .replaceAll(/\\\n/gu, ' ')
    .replaceAll(/(?:^|\s)#.*$/gmu, '');
  const parts = [...text.matchAll(/'[^']*'|"[^"]*"|&&|\|\||[|;\n]|[^\s'"|;&]+|&/gu)].map(([part]) => part);
  const commands: string[][] = [[]];
  for (const part of parts) {
    if (/^(?:&&|\|\||[|;\n&])$/u.test(part)) commands.push([]);
    else commands.at(-1)?.push(part);
  }
  return commands.filter((words) => words.length > 0);
}

function problems(words: readonly string[]): readonly string[] {
  const [first = '', second = '', third = ''] = words;
  if (first === 'kubectl' && second === 'sysctls') return fromHelp(PLUGIN, words.slice(2));
  if (first === 'scripts/kubectl-sysctls') return fromHelp(PLUGIN, words.slice(1));
  if (/^(?:scripts\/)?kubelet-sysctls$/u.test(first)) return fromHelp('agent/main.ts', words.slice(1));
  if (first === 'scripts/cluster') return fromHelp('scripts/cluster.ts', words.slice(1));
  if (first === 'npm' && second === 'run') return npmScript(third, words.slice(3));
  if (first === 'npm' && second === 'test') return npmScript('test', words.slice(2));
  return [];
}

function npmScript(name: string, rest: readonly string[]): readonly string[] {
  const script = NPM_SCRIPTS[name];
  if (typeof script !== 'string') return [`npm run ${name} does not exist`];
  const options = rest.filter((word) => word.startsWith('-') && word !== '--');
  if (options.length === 0) return [];
  const program = /node (?<program>scripts\/[\w-]+\.ts)$/u.exec(script)?.groups?.['program'];
  if (program === undefined) return [`npm run ${name} takes no options`];
  return fromHelp(program, options);
}

/** Returns what the help of a program does not name: the first word as a subcommand, and each option. */
function fromHelp(program: string, words: readonly string[]): readonly string[] {
  const [first = ''] = words;
  const isSubcommand = /^[a-z][a-z-]*$/u.test(first);
  const named: Named = isSubcommand
    ? { program, words: [first], rest: words.slice(1) }
    : { program, words: [], rest: words };
  if (isSubcommand && !subcommands(program).has(first)) return [`${program} has no command ${first}`];
  const texts = [helpOf(program, named.words), helpOf(program, [])].join('\n');
  return named.rest
    .filter((word) => /^--?[a-z]/u.test(word))
    .map((word) => word.replace(/=.*$/u, ''))
    .filter((option) => !new RegExp(String.raw`(?:^|[\s,[])${option}(?![\w-])`, 'mu').test(texts))
    .map((option) => `${[program, ...named.words].join(' ')} has no option ${option}`);
}

function subcommands(program: string): ReadonlySet<string> {
  return new Set(commandsOf(helpOf(program, [])));
}

function commandsOf(help: string): readonly string[] {
  const [, list = ''] = help.split('Commands:\n');
  return [...list.matchAll(/^ {2}(?<name>[a-z-]+)/gmu)].map(({ groups }) => groups?.['name'] ?? '');
}

const PLUGIN = 'agent/kubectl.ts';
const helps = await helpsOfPlugin();

/** What the program prints with `--help`. */
export function helpOf(program: string, words: readonly string[]): string {
  const key = [program, ...words].join(' ');
  const known = helps.get(key);
  if (known !== undefined) return known;
  const text = execFileSync(process.execPath, [join(ROOT, program), ...words, '--help'], {
    encoding: 'utf8',
  });
  helps.set(key, text);
  return text;
}

/** The plugin's helps, by what calls them. It runs in this process: to start it for each of its commands takes a minute. */
async function helpsOfPlugin(): Promise<Map<string, string>> {
  const all = await helpOfPlugin([]);
  const each = await Promise.all(commandsOf(all[1]).map((name) => helpOfPlugin([name])));
  return new Map([all, ...each]);
}

async function helpOfPlugin(words: readonly string[]): Promise<readonly [string, string]> {
  const { stdout } = await kubectlSysctls([...words, '--help']);
  return [[PLUGIN, ...words].join(' '), stdout];
}
