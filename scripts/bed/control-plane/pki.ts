// The bed's certificates: one authority signs all of them, so a node can join at any time under any name.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from '../build/run.ts';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

interface Subject {
  readonly commonName: string;
  readonly organisation?: string;
  /** As in subjectAltName: DNS:name or IP:address. */
  readonly names?: readonly string[];
}

const DAYS = '365';
// Without this configuration, openssl adds the extensions of the machine's configuration.
const NO_EXTENSIONS = '[req]\ndistinguished_name = none\n[none]\n';

/** Makes the authority and the key that signs service account tokens. */
export async function makeAuthority(bedFolder: string): Promise<void> {
  const folder = pkiFolder(bedFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'openssl.cnf'), NO_EXTENSIONS);
  await Promise.all([
    run([
      ...request(folder, 'ca', { commonName: 'kubelet-sysctl-agent bed' }),
      ...extension('basicConstraints=critical,CA:TRUE'),
      ...extension('keyUsage=critical,keyCertSign,cRLSign'),
    ]),
    // The API server reads elliptic keys only in the SEC 1 format.
    run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', join(folder, 'sa.key')]),
  ]);
}

/** Makes a key and a certificate for a subject, valid for servers and clients, in the bed's pki folder. */
export async function issue(bedFolder: string, name: string, subject: Subject): Promise<Certificate> {
  const folder = pkiFolder(bedFolder);
  await run([
    ...request(folder, name, subject),
    '-CA',
    join(folder, 'ca.crt'),
    '-CAkey',
    join(folder, 'ca.key'),
    ...extension('extendedKeyUsage=serverAuth,clientAuth'),
    ...(subject.names === undefined ? [] : extension(`subjectAltName=${subject.names.join(',')}`)),
  ]);
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

/** Returns a kubeconfig with embedded keys, so that it can be copied anywhere. */
export async function kubeconfig(
  bedFolder: string,
  server: string,
  user: string,
  { certificate, key }: Certificate,
): Promise<string> {
  const authority = join(pkiFolder(bedFolder), 'ca.crt');
  const [ca, crt, secret] = await Promise.all(
    [authority, certificate, key].map((path) => readFile(path, 'base64')),
  );
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'bed', cluster: { server, 'certificate-authority-data': ca } }],
      users: [{ name: user, user: { 'client-certificate-data': crt, 'client-key-data': secret } }],
      contexts: [{ name: 'bed', context: { cluster: 'bed', user } }],
      'current-context': 'bed',
    },
    { lineWidth: 0 },
  );
}

export function pkiFolder(bedFolder: string): string {
  return join(bedFolder, 'pki');
}

function request(folder: string, name: string, subject: Subject): readonly string[] {
  const organisation = subject.organisation === undefined ? '' : `/O=${subject.organisation}`;
  const options = {
    '-config': join(folder, 'openssl.cnf'),
    '-days': DAYS,
    '-newkey': 'ec',
    '-pkeyopt': 'ec_paramgen_curve:prime256v1',
    '-keyout': join(folder, `${name}.key`),
    '-out': join(folder, `${name}.crt`),
    '-subj': `${organisation}/CN=${subject.commonName}`,
  };
  return ['openssl', 'req', '-x509', '-noenc', ...Object.entries(options).flat()];
}

function extension(text: string): readonly string[] {
  return ['-addext', text];
}
