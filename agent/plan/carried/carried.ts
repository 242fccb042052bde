// Follows what the agent's own assignment hides: the same variable in Environment= or in an earlier file.

import { configuredOf, type Configured } from '../../kubelet/configured.ts';
import type { KubeletConfig } from '../../kubelet/config.ts';
import { setExtraArgs } from '../../kubelet/edit/edit.ts';
import {
  environmentInForce,
  readEnvironmentFiles,
  type ParsedEnvironmentFile,
} from '../../kubelet/environment/environment.ts';
import { removedFlags } from './removed-flags.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { quoteWord, wordTexts } from '../../kubelet/words.ts';
import { NEWEST_KUBELET, type Version } from '../../sysctl/version.ts';
import { sha256Of } from '../../text/hash.ts';
import { argumentsOf, mergeArguments, withoutOurFlag } from './arguments.ts';
import { placeOf, type FileTarget } from '../target.ts';
import type { Carried, PlanInput, WrittenFile } from '../types.ts';
import { assignmentsIn, createdLine } from '../clean/written.ts';

/** The node with the arguments that it should have before our flag is edited. */
export interface Followed {
  /** The target's bytes to edit. */
  readonly content: Uint8Array | undefined;
  /** What a new assignment repeats. */
  readonly carried: string;
  readonly unit: KubeletUnit;
  readonly files: readonly ParsedEnvironmentFile[];
  readonly configured: Configured;
  /** What the target's assignment repeats of another place, to remember; undefined: the assignment is another party's. */
  readonly source: Carried | undefined;
  /** For a person: what follows the source, and what another party's edit of the copy keeps. */
  readonly followed: readonly string[];
  readonly kept: readonly string[];
}

/** Returns the node with a copy that is as its source; `before`: the node as it is. */
export function followCarried(
  input: PlanInput,
  { file: target, variable }: FileTarget,
  files: readonly ParsedEnvironmentFile[],
  { before, config }: { readonly before: Configured; readonly config: KubeletConfig },
): Followed {
  const hidden = environmentInForce(
    input.unit,
    files.filter(({ file }) => file.path !== target.path),
  ).get(variable);
  const known = knownTo(input.kubelet ?? NEWEST_KUBELET, hidden?.value ?? '');
  const source = { origin: hidden?.origin ?? '', value: known.value };
  const asIs = {
    content: target.content,
    carried: source.value,
    unit: input.unit,
    files,
    configured: before,
    source,
    followed: known.dropped,
    kept: [],
  };
  const inForce = before.environment.get(variable);
  const { systemdVersion } = input.unit;
  if (inForce?.assigned?.path !== target.path) {
    if (known.dropped.length === 0) return asIs;
    const assigned = setExtraArgs({ variable, content: target.content, systemdVersion }, source.value);
    return { ...asIs, ...nodeWith(withContent(input.unit, target.path, assigned), config) };
  }
  const copy = wordTexts(inForce.value);
  const written = input.written?.find((one) => one.file === target.path && one.variable === variable);
  const base = written && baseOf(written, target.content, { copy, source, systemdVersion });
  if (base === undefined) return { ...asIs, source: undefined, followed: [] };
  const merged = mergeArguments({ base: wordTexts(base), source: wordTexts(source.value), copy });
  const { followed, kept } = merged;
  if (followed.length === 0) return { ...asIs, followed, kept };
  const content = setExtraArgs(
    { variable, content: target.content, systemdVersion },
    merged.words.map(quoteWord).join(' '),
  );
  const unit = withContent(input.unit, target.path, content);
  return { ...asIs, content, unit, ...nodeWith(unit, config), followed, kept };
}

/** Returns the unit with this content in one of its files, by whatever path it is read. */
export function withContent(unit: KubeletUnit, path: string, content: Uint8Array | undefined): KubeletUnit {
  const named = unit.environmentFiles.find((file) => file.path === path);
  const place = named === undefined ? path : placeOf(named);
  const environmentFiles = unit.environmentFiles.map((file) =>
    placeOf(file) === place ? { ...file, content } : file,
  );
  return { ...unit, environmentFiles };
}

function nodeWith(unit: KubeletUnit, config: KubeletConfig): Pick<Followed, 'files' | 'configured'> {
  const files = readEnvironmentFiles(unit);
  return { files, configured: configuredOf(unit, files, config) };
}

/** Returns the value without flags with which this kubelet would not start. Another value stays as it is written. */
function knownTo(
  kubelet: Version,
  value: string,
): { readonly value: string; readonly dropped: readonly string[] } {
  const removed = removedFlags(kubelet);
  const all = argumentsOf(wordTexts(value));
  const gone = all.filter(({ name }) => removed.has(name));
  if (gone.length === 0) return { value, dropped: [] };
  const left = all.filter(({ name }) => !removed.has(name)).flatMap(({ words }) => words);
  return {
    value: left.map(quoteWord).join(' '),
    dropped: gone.map(({ words }) => `without ${words.join(' ')} (unknown to this kubelet)`),
  };
}

/**
 * Returns the source's value at the last change, from which the copy was made; undefined when the assignment is not the
 * agent's. An older agent did not save it: a file as that agent left it is the copy, else the present source counts.
 */
function baseOf(
  written: WrittenFile,
  content: Uint8Array | undefined,
  {
    copy,
    source,
    systemdVersion,
  }: {
    readonly copy: readonly string[];
    readonly source: Carried;
    readonly systemdVersion: number | undefined;
  },
): string | undefined {
  // Of several lines the last is in force, and the agent's would be the only one.
  if (assignmentsIn(content, written, systemdVersion) > 1) return undefined;
  if (written.carried !== undefined) return written.carried.value;
  if (!createdLine(written, systemdVersion)) return undefined;
  if (written.left !== sha256Of(content)) return source.value;
  return withoutOurFlag(copy).map(quoteWord).join(' ');
}
