// The files of a report: what was gathered, without secrets and addresses, and a README. Pure.

import { count } from '../../../text/count.ts';
import type { VersionView } from '../views/version-view.ts';
import { eventFacts, nodeFacts, podFacts, policyFacts, statusFacts } from './facts.ts';
import type { Gathered } from './gather.ts';
import { boundedLines, LIMITS } from './limits.ts';
import { redactor } from './redact.ts';
import type { TarFile } from './tar.ts';

/** Returns the files; together they are at most LIMITS.totalBytes long. */
export function reportFiles(gathered: Gathered, versions: VersionView, at: Date): readonly TarFile[] {
  const redact = redactor();
  const { policy, status, pods, nodes, unread } = gathered;
  const nodeLines = boundedLines(nodes.map(nodeFacts).map(redacted), LIMITS.nodesBytes);
  const eventLines = boundedLines(gathered.events.slice(0, LIMITS.events).map(eventFacts).map(redacted), MIB);
  const podLines = boundedLines(pods.map(podFacts).map(redacted), 2 * MIB);
  const files = [
    {
      name: 'configmaps.json',
      content: json({ policy: policy && policyFacts(policy), status: status && statusFacts(status) }),
    },
    { name: 'events.jsonl', content: eventLines.text },
    { name: 'nodes.jsonl', content: nodeLines.text },
    { name: 'pods.jsonl', content: podLines.text },
    { name: 'versions.json', content: json(versions) },
    ...gathered.logs.map(({ pod, text }) => ({
      name: `logs/${redact(pod).slice(0, 80)}.log`,
      content: Buffer.from(redact(text)).subarray(-LIMITS.logBytes).toString('utf8'),
    })),
  ];
  const leftOut = [
    ...unread.map(({ what, permission }) => `Not read: ${what}. ${permission}`),
    ...beyond(nodeLines.leftOut, 'node'),
    ...beyond(podLines.leftOut, 'pod'),
    ...beyond(eventLines.leftOut + Math.max(0, gathered.events.length - LIMITS.events), 'Event'),
    ...beyond(gathered.podsWithoutLog, 'log'),
  ];
  return [{ name: 'README.txt', content: redact(readme(at, leftOut)) }, ...files];

  function json(value: unknown): string {
    return `${JSON.stringify(redacted(value), undefined, 2)}\n`.slice(0, 4 * MIB);
  }

  /** Redacts each text alone: a pattern that spans fields would break the JSON. */
  function redacted(value: unknown): unknown {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map(redacted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [redact(key), redacted(inner)]));
  }
}

const MIB = 1024 * 1024;

function beyond(number: number, what: string): readonly string[] {
  return number === 0 ? [] : [`Not in the report: ${count(number, what)}.`];
}

function readme(at: Date, leftOut: readonly string[]): string {
  return [
    `A report of kubectl sysctls of ${at.toISOString()}.`,
    'Secrets, tokens and IP addresses are left out by their form; each address has a number in their place.',
    'The names of nodes, pods and namespaces are in it. Read it before you publish it.',
    '',
    leftOut.length === 0 ? 'Everything could be read.' : 'What is missing:',
    ...leftOut.map((line) => `- ${line}`),
    '',
  ].join('\n');
}
