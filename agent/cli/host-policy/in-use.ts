// The option that says what a host does with a change that takes something away.

import { Option } from 'commander';
import { IN_USE } from '../../policy/policy.ts';

export type InUse = (typeof IN_USE)[number];

type Data = Readonly<Record<string, string>>;

/** Returns the option `--in-use`, which has no default: the policy's own `inUse` counts. */
export function inUseOption(): Option {
  return new Option(
    '--in-use <word>',
    'with --host: in place of inUse in the policy; Block waits with a change that removes allowances, Proceed makes it',
  ).choices(IN_USE);
}

/** Returns the policy's data with this word for `inUse`. A word in the policy that is not valid stays: it is an error there. */
export function withInUse(data: Data, inUse: InUse | undefined): Data {
  const own = Object.hasOwn(data, 'inUse') ? data['inUse']?.trim() : undefined;
  const isReplaced = own === undefined || IN_USE.some((word) => word === own);
  return inUse === undefined || !isReplaced ? data : { ...data, inUse };
}
