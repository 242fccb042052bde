// Plans a change of the agent's file in the kubelet's --config-dir.

import {
  listIn,
  readKubeletConfig,
  splitDropIns,
  withDropIn,
  type ConfigFile,
  type ConfigSources,
} from '../kubelet/config.ts';
import { configuredOf, type Configured, type Origin } from '../kubelet/configured.ts';
import { printDropIn, readDropIn } from '../kubelet/drop-in.ts';
import type { ParsedEnvironmentFile } from '../kubelet/environment/environment.ts';
import { ALLOWED_FLAG } from '../kubelet/flags/flags.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { sha256Of } from '../text/hash.ts';
import { mergeTermsOf } from './merge-terms.ts';
import { mergeAllowances } from './merge.ts';
import { patternsOf, unmanagedOf } from './origins.ts';
import { explain } from './reason.ts';
import type { DropInTarget } from './target.ts';
import type { Planned, PlanInput, Refused } from './types.ts';
import { startProblem } from './uses.ts';

/** Returns the plan of a change of this file alone; `before`: what is configured now. Throws a ConfigError for a config file that the kubelet or the agent cannot read. */
export function planDropIn(
  input: PlanInput,
  target: DropInTarget,
  { files, before }: { readonly files: readonly ParsedEnvironmentFile[]; readonly before: Configured },
): Planned | Refused {
  const { unit, config } = input;
  const refusal = startProblem(unit, before, '')?.refusal ?? folderProblem(target);
  if (refusal !== undefined) return refusal;

  const { earlier, own, later } = splitDropIns(config, target.path);
  const lower = originsIn({ ...config, dropIns: earlier });
  const existing = own === undefined ? undefined : readDropIn(own);
  const overruler = overrulerOf(before, later);
  const terms = mergeTermsOf(input);
  const { wanted } = terms;
  const lists = { existing, elsewhere: overruler?.list, inConfig: patternsOf(lower) };
  const merge = mergeAllowances({ ...lists, ...terms });
  const content = merge.changed ? merge.list && printDropIn(merge.list) : own?.content;
  const after = configuredOf(unit, files, readKubeletConfig(withDropIn(config, target.path, content)));
  const isCovered = coverageOf(patternsOf(after.allowances));
  if (overruler !== undefined && !wanted.every(isCovered)) return overruled(target, overruler);

  const changed = sha256Of(content) !== sha256Of(own?.content);
  const unmanaged = unmanagedOf({ ...after, inConfig: lower }, wanted, merge);
  const wasCovered = coverageOf(patternsOf(before.allowances));
  return {
    kind: 'planned',
    file: target.path,
    variable: undefined,
    before: own?.content,
    after: content,
    changed,
    words: { before: [], after: [] },
    configured: { before: patternsOf(before.allowances), after: patternsOf(after.allowances) },
    desired: [...wanted],
    missing: wanted.filter((item) => !wasCovered(item)),
    unmanaged,
    remember: merge.remember,
    carried: undefined,
    kept: [],
    isCleaned: false,
    reason: explain({
      input,
      place: {
        file: target.path,
        isNew: own === undefined,
        name: 'allowedUnsafeSysctls',
        list: existing ?? [],
      },
      before,
      after,
      merge,
      wanted,
      changed,
      unmanaged,
      problem: undefined,
    }),
  };
}

function originsIn(sources: ConfigSources): readonly Origin[] {
  const { allowedUnsafeSysctls, allowedUnsafeSysctlsFrom } = readKubeletConfig(sources);
  return allowedUnsafeSysctls.map((pattern) => ({ pattern, origin: allowedUnsafeSysctlsFrom ?? '' }));
}

function folderProblem({ folder }: DropInTarget): Refused | undefined {
  const problems = {
    folder: undefined,
    missing:
      'Expected the folder of --config-dir, found none. The kubelet does not start without it. Create it, or remove the flag.',
    other:
      'Expected --config-dir to be a folder, found a link or a file. The kubelet reads nothing there. Give --config-dir the path of the folder.',
  } as const;
  const message = problems[folder.state];
  return message === undefined
    ? undefined
    : { kind: 'refused', file: folder.path, line: undefined, byte: undefined, message };
}

/** What replaces the list of the agent's file. */
interface Overruler {
  readonly list: readonly string[];
  /** For a person. */
  readonly origin: string;
  readonly file: string | undefined;
}

/** Returns the flag, which replaces every list of the config files, or the last file behind ours that has a list. */
function overrulerOf({ uses, environment }: Configured, later: readonly ConfigFile[]): Overruler | undefined {
  const [use] = uses;
  if (use !== undefined) {
    const variable = use.words[0]?.variable;
    const inForce = variable === undefined ? undefined : environment.get(variable);
    return {
      list: patternsOf(uses.flatMap(({ items }) => items)),
      origin: `--${ALLOWED_FLAG} in ${inForce?.origin ?? 'ExecStart='}`,
      file: inForce?.assigned?.path,
    };
  }
  const file = later.findLast((one) => listIn(one) !== undefined);
  return file && { list: listIn(file) ?? [], origin: 'allowedUnsafeSysctls of this file', file: file.path };
}

function overruled({ path }: DropInTarget, { origin, file }: Overruler): Refused {
  const message =
    `Expected nothing to replace the list of ${path}, found ${origin}. The kubelet would not allow what the policy wants. ` +
    'Remove that list; the agent keeps only those of files that are read before its own.';
  return { kind: 'refused', file: file ?? path, line: undefined, byte: undefined, message };
}
