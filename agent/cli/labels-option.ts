// The option for a node's labels.

import { InvalidArgumentError, Option } from 'commander';
import { labelKeyProblem, labelValueProblem } from '../policy/labels.ts';

/** Returns an option whose value is the labels by key; text that holds none of a Node's labels is a usage error. */
export function labelsOption(): Option {
  return new Option('--labels <k=v,…>', "the node's labels, by which profiles select nodes")
    .argParser(labels)
    .default({}, 'none');
}

function labels(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value, ...rest] = pair.split('=');
      if (value === undefined || rest.length > 0) {
        throw new InvalidArgumentError(`Expected labels as key=value, got ${JSON.stringify(pair)}.`);
      }
      const problem = labelKeyProblem(key) ?? labelValueProblem(value);
      if (problem !== undefined) throw new InvalidArgumentError(problem);
      return [key, value];
    }),
  );
}
