// Who could be the one that rewrites the environment file. Pure.

import { anyOf, quote } from '../text/quote.ts';

const NOBODY_KNOWN = 'a configuration manager or a script';

interface Manager {
  readonly name: string;
  /** How it calls itself in the comments of what it writes. */
  readonly signs: RegExp;
  /** Its service, without the suffix; undefined where it needs none on the node. */
  readonly service: RegExp | undefined;
}

/** Those that run all the time before those that run at boot alone. */
const MANAGERS: readonly Manager[] = [
  { name: 'Puppet', signs: /\bpuppet\b/iu, service: /^(?:puppet|puppet-agent|pe-puppet)$/u },
  { name: 'Chef', signs: /\bchef\b/iu, service: /^chef(?:-client|-infra-client)?$/u },
  { name: 'Salt', signs: /\bsalt(?:stack)?\b/iu, service: /^salt-minion$/u },
  { name: 'CFEngine', signs: /\bcfengine\b/iu, service: /^(?:cfengine3?|cf-execd)$/u },
  { name: 'Rudder', signs: /\brudder\b/iu, service: /^rudder(?:-agent)?$/u },
  { name: 'Ansible', signs: /\bansible\b/iu, service: /^ansible-pull/u },
  { name: 'Google guest agent', signs: /\bgoogle[- ]guest\b/iu, service: /^google-guest-agent/u },
  {
    name: 'Azure Linux agent',
    signs: /\bwaagent\b|\bwalinuxagent\b/iu,
    service: /^(?:waagent|walinuxagent)$/u,
  },
  {
    name: 'Amazon SSM agent',
    signs: /\bamazon[- ]ssm\b/iu,
    service: /^(?:snap\.)?amazon-ssm-agent(?:\.amazon-ssm-agent)?$/u,
  },
  { name: 'kops', signs: /\bkops\b/iu, service: /^kops-configuration$/u },
  { name: 'nodeadm', signs: /\bnodeadm\b/iu, service: /^nodeadm/u },
  { name: 'cloud-init', signs: /\bcloud-init\b/iu, service: /^cloud-(?:init|config|final)/u },
];
const WRITTEN_BY = /\b(?:managed|generated|maintained|written|created|provisioned|controlled) by\b/iu;

/**
 * A phrase for a person: what the file's own comments say, or else which known managers are among the host's services, or
 * else that nothing is known. `services` are names of units.
 */
export function rewriterOf(content: Uint8Array | undefined, services: readonly string[]): string {
  return fromComments(content) ?? fromServices(services) ?? NOBODY_KNOWN;
}

function fromComments(content: Uint8Array | undefined): string | undefined {
  const comments = Buffer.from(content ?? [])
    .toString('utf8')
    .split(/[\r\n]+/u)
    .map((line) => line.trim())
    .filter((line) => /^[#;]/u.test(line));
  for (const comment of comments) {
    const manager = MANAGERS.find(({ signs }) => signs.test(comment));
    if (manager !== undefined) {
      return `${manager.name} (the file says ${quote(comment)})`;
    }
  }
  const written = comments.find((comment) => WRITTEN_BY.test(comment));
  return written === undefined ? undefined : `who the file names (${quote(written)})`;
}

function fromServices(services: readonly string[]): string | undefined {
  const names = services.map((unit) => unit.replace(/\.service$/u, ''));
  const found = MANAGERS.flatMap(({ name, service }) => {
    const unit = names.find((candidate) => service?.test(candidate) === true);
    return unit === undefined ? [] : [`${name} (${unit}.service)`];
  });
  return found.length === 0 ? undefined : anyOf(found);
}
