// The result of a ConfigMap: errors that are safe to print, or a file that differs by a valid flag alone.

import { planChange } from '../../agent/plan/plan.ts';
import { desiredFor } from '../../agent/policy/desired.ts';
import { parsePolicy } from '../../agent/policy/parse.ts';
import type { PolicyError } from '../../agent/policy/policy.ts';
import { NOTHING_SEEN } from '../../agent/node/report/publisher.ts';
import { annotationsOf } from '../../agent/report/annotations.ts';
import { KEYS } from '../../agent/names.ts';
import { policyErrorText } from '../../agent/report/policy-error.ts';
import { kubeadmUnit, NO_CONFIG, NOTHING_APPLIED } from '../kubelet/units.ts';
import { version } from '../sysctl/versions.ts';

type Data = Readonly<Record<string, string>>;

export interface Aftermath {
  readonly outcome: 'errors' | 'plan' | 'nothing to do';
  readonly errors: readonly PolicyError[];
  /** The harm that the ConfigMap did; empty when it did none. */
  readonly harm: readonly string[];
}

const NODE = { labels: { a: 'b' }, kubelet: version('1.37.2'), kernel: version('6.1') };
const BEFORE = "# by hand\nKUBELET_EXTRA_ARGS='--v=2'\nOTHER=$(x)\n";
const AFTER =
  /^# by hand\nKUBELET_EXTRA_ARGS='--v=2 --allowed-unsafe-sysctls=(?<list>[^']*)'\nOTHER=\$\(x\)\n$/;
/** A second copy of SysctlContainSlashPatternFmt of kubernetes pkg/apis/policy/validation/validation.go. */
const ITEM = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]$/;
const LONGEST_ITEM = 253;

const MOST_ERRORS = 51;
/** Three values quoted, each of 80 characters that are all escaped, and the sentence around them. */
const LONGEST_MESSAGE = 3_000;
const LONGEST_ANNOTATION_BYTES = 1024;
const UNPRINTABLE = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;

/** Parses the data as an agent does and plans for a node whose file already has arguments. */
export function aftermathOf(data: Data): Aftermath {
  const [names, environment] = [namesOfPrototypes(), JSON.stringify(process.env)];
  const aftermath = planned(data);
  const polluted = names === namesOfPrototypes() ? [] : ['a prototype was changed'];
  const leaked = environment === JSON.stringify(process.env) ? [] : ["the process's environment was changed"];
  return { ...aftermath, harm: [...aftermath.harm, ...polluted, ...leaked] };
}

function planned(data: Data): Aftermath {
  const result = parsePolicy(data);
  if (!result.ok) {
    return { outcome: 'errors', errors: result.errors, harm: harmOfErrors(result.errors, data) };
  }
  const { allowances } = desiredFor(result.policy, NODE);
  const { mode, unmanaged } = result.policy.settings;
  const goal = mode === 'Restore' ? 'Restore' : 'Apply';
  const node = { config: NO_CONFIG, desired: allowances, unmanaged, goal } as const;
  const plan = planChange({ ...node, unit: kubeadmUnit(BEFORE), lastApplied: NOTHING_APPLIED });
  if (plan.kind !== 'planned') return { outcome: 'plan', errors: [], harm: [JSON.stringify(plan)] };
  const after = Buffer.from(plan.after ?? []).toString('latin1');
  if (!plan.changed)
    return { outcome: 'nothing to do', errors: [], harm: after === BEFORE ? [] : ['changed'] };
  const items = AFTER.exec(after)?.groups?.['list']?.split(',');
  if (items === undefined) return { outcome: 'plan', errors: [], harm: [after] };
  const again = planChange({ ...node, unit: kubeadmUnit(after), lastApplied: plan.remember });
  const harm = items.filter((item) => !ITEM.test(item) || item.length > LONGEST_ITEM);
  const endless = again.kind !== 'planned' || again.changed ? ['never done'] : [];
  return { outcome: 'plan', errors: [], harm: [...harm, ...endless] };
}

function harmOfErrors(errors: readonly PolicyError[], data: Data): readonly string[] {
  const each = errors.flatMap((error) => harmOfError(error, data).map((harm) => `${harm}: ${shown(error)}`));
  const many = errors.length === 0 || errors.length > MOST_ERRORS ? [`${errors.length} errors`] : [];
  const told =
    annotationsOf({ ...NOTHING_SEEN, policyError: policyErrorText(errors) })[KEYS.policyError] ?? '';
  const unfit = told === '' || Buffer.byteLength(told) > LONGEST_ANNOTATION_BYTES ? [told] : [];
  return [...each, ...many, ...unfit];
}

function harmOfError({ key, line, message }: PolicyError, data: Data): readonly string[] {
  const lines = Object.hasOwn(data, key) ? (data[key] ?? '').split('\n').length : 1;
  return [
    ...(key === '' || Object.hasOwn(data, key) ? [] : ['no such key']),
    ...(line >= 1 && line <= lines ? [] : [`none of the ${lines} lines`]),
    ...(message === '' ? ['nothing said'] : []),
    ...(message.length > LONGEST_MESSAGE ? [`${message.length} characters`] : []),
    ...(UNPRINTABLE.test(message) || message.includes('\n') ? ['not fit to be printed'] : []),
  ];
}

function namesOfPrototypes(): string {
  const prototypes = [Object.prototype, Array.prototype, Map.prototype, String.prototype];
  return prototypes.flatMap((prototype) => Object.getOwnPropertyNames(prototype)).join();
}

function shown(error: PolicyError): string {
  return JSON.stringify(error).slice(0, 300);
}
