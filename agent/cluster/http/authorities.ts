// The authorities that may have signed the API server's certificate, as TLS options.

import type { RequestOptions } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';

/** Owns the TLS context of the authorities that the last request trusted. */
export class Authorities {
  #context: { readonly ca: string; readonly secureContext: SecureContext } | undefined;

  /** The options of a request that trusts `ca` (PEM); none for undefined: the authorities that Node knows. */
  trusted(ca: string | undefined): RequestOptions {
    if (ca === undefined) {
      return {};
    }
    // Making a context takes about a millisecond: one is kept for as long as the authorities stay the same.
    if (this.#context?.ca !== ca) {
      this.#context = { ca, secureContext: createSecureContext({ ca }) };
    }
    return this.#context;
  }
}
