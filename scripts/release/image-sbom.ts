// The bill of materials of the image: what syft finds in its layers, Debian's packages and Node among it.

import { goInstalled, SYFT } from '../bed/build/go-install.ts';
import { environment, run } from '../bed/build/run.ts';
import type { Log } from '../bed/util/progress.ts';
import * as v from 'valibot';
import { sbomText } from './sbom.ts';

export interface ScannedImage {
  readonly archive: string;
  readonly name: string;
  readonly version: string;
  /** RFC 3339. */
  readonly time: string;
}

const SBOM = v.looseObject({ metadata: v.looseObject({}) });

/** Returns the JSON text in the format CycloneDX; throws a GoMissingError without Go, which builds syft. */
export async function imageSbom({ archive, name, version, time }: ScannedImage, log: Log): Promise<string> {
  const syft = await goInstalled(SYFT, log);
  const named = ['--source-name', name, '--source-version', version];
  const env = { ...environment(), SYFT_CHECK_FOR_APP_UPDATE: 'false' };
  const { stdout } = await log.step('Listing what is in the image', () =>
    run([syft, 'scan', `oci-archive:${archive}`, '--output', 'cyclonedx-json', '--quiet', ...named], {}, env),
  );
  // syft has the time of its run there, and a random number.
  const { serialNumber: _, metadata, ...content } = v.parse(SBOM, JSON.parse(stdout));
  return sbomText({ ...content, metadata: { ...metadata, timestamp: time } });
}
