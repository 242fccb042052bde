// Samples of the fleet as Prometheus' text format. Of thousands of Nodes a registry would hold a second copy, several times larger.

import { FLEET_GAUGES } from './families.ts';
import type { Sample } from './fleet-samples.ts';

/** The pieces of a text are about this long: of a whole text of megabytes V8 keeps several copies. */
const PIECE_LENGTH = 64 * 1024;

/**
 * The samples in pieces of whole lines, with the help and the type of each family before its samples. The samples of a family
 * must stand together.
 */
export function* fleetText(samples: Iterable<Sample>): Generator<string> {
  let piece = '';
  let family: Sample['name'] | undefined;
  for (const sample of samples) {
    if (sample.name !== family) piece += headOf(sample.name);
    family = sample.name;
    piece += lineOf(sample);
    if (piece.length >= PIECE_LENGTH) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

function headOf(name: Sample['name']): string {
  const { help, type } = FLEET_GAUGES[name];
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function lineOf({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return pairs.length === 0 ? `${name} ${value}\n` : `${name}{${pairs.join(',')}} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
