// A real Prometheus on this machine that scrapes the bed's coordinators.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../../scripts/bed/util/free-port.ts';
import { until } from '../../../../scripts/bed/util/until.ts';
import { workFolder } from '../../../../scripts/bed/util/work-folder.ts';
import { stringify } from 'yaml';
import { objectAt, objectsAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';

export interface FiringAlert {
  readonly alertname: string;
  readonly node: string | undefined;
}

export interface RunningPrometheus extends AsyncDisposable {
  /** Returns the alerts that fire now. */
  firing(): Promise<readonly FiringAlert[]>;
  /** Returns how many targets it scrapes now without an error. */
  targetsUp(): Promise<number>;
  /** Returns how many series answer a query with a number at any second since the start. */
  seriesOf(expr: string): Promise<number>;
}

const START_MS = 20_000;

/** Starts it with this file of rules and these scrape_configs, every second. Resolves when it answers. */
export async function startPrometheus(
  program: string,
  { rules, scrapes }: { readonly rules: string; readonly scrapes: readonly JsonObject[] },
): Promise<RunningPrometheus> {
  const work = await workFolder();
  const path = (name: string): string => join(work.path, name);
  await mkdir(path('data'));
  await writeFile(path('alerts.yaml'), rules);
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yaml'],
    scrape_configs: scrapes,
  };
  await writeFile(path('prometheus.yml'), stringify(config));
  const port = await freePort();
  const log = openSync(path('log'), 'w');
  const child = spawn(
    program,
    [
      `--config.file=${path('prometheus.yml')}`,
      `--storage.tsdb.path=${path('data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', log, log] },
  );
  const startedAt = Math.floor(Date.now() / 1000);
  const get = (what: string): Promise<JsonObject> => getJson(`http://127.0.0.1:${port}/api/v1/${what}`);
  const answers = (): Promise<boolean> =>
    get('query?query=1').then(
      () => true,
      () => false,
    );
  if (!(await until(answers, { timeoutMs: START_MS, everyMs: 100 }))) {
    await end(child);
    throw new Error(
      `Expected Prometheus to answer within ${START_MS} ms:\n${await readFile(path('log'), 'utf8')}`,
    );
  }
  return {
    firing: async () => firingIn(await get('alerts')),
    targetsUp: async () =>
      objectsAt(await get('targets?state=active'), 'activeTargets').filter(({ health }) => health === 'up')
        .length,
    seriesOf: async (expr) => {
      const now = Math.ceil(Date.now() / 1000);
      const range = new URLSearchParams({
        query: expr,
        start: String(startedAt),
        end: String(now),
        step: '1',
      });
      return objectsAt(await get(`query_range?${range.toString()}`), 'result').filter(hasNumber).length;
    },
    [Symbol.asyncDispose]: async () => {
      await end(child);
      await work[Symbol.asyncDispose]();
    },
  };
}

async function getJson(url: string): Promise<JsonObject> {
  const response = await fetch(url);
  const answer = objectAt(await response.json());
  if (answer['status'] !== 'success') throw new Error(`${url} answered ${JSON.stringify(answer)}`);
  return objectAt(answer, 'data');
}

function firingIn(data: JsonObject): readonly FiringAlert[] {
  return objectsAt(data, 'alerts')
    .filter(({ state }) => state === 'firing')
    .map((alert) => {
      const { alertname, node } = objectAt(alert, 'labels');
      return { alertname: String(alertname), node: typeof node === 'string' ? node : undefined };
    });
}

function hasNumber({ values }: JsonObject): boolean {
  const pairs: readonly unknown[] = Array.isArray(values) ? values : [];
  return pairs.some((pair) => Array.isArray(pair) && Number.isFinite(Number(pair[1])));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
