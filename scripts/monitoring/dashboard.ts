// The panels as a dashboard of Grafana (JSON model, schema version 39), and the ConfigMap that its sidecar reads.

import { type Panel, ROWS, type Row } from './panels.ts';
import { yamlOf } from './rules.ts';

const COLUMNS = 24;
/** The person who opens the dashboard chooses the Prometheus. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const VARIABLE = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
  hide: 0,
  multi: false,
  includeAll: false,
  refresh: 1,
  regex: '',
  options: [],
};

/** Returns the dashboard. Grafana finds it again by its uid: never change that. */
export function dashboard(): object {
  return {
    id: null,
    uid: 'kubelet-sysctl-agent',
    title: 'Kubelet sysctls',
    description: 'The rollout of allowed unsafe sysctls, and the Nodes that need attention.',
    tags: ['kubernetes', 'kubelet-sysctl-agent'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    timezone: 'browser',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [VARIABLE] },
    annotations: { list: [] },
    links: [],
    panels: panelsOf(ROWS),
  };
}

/** Returns monitoring/dashboard.json. */
export function dashboardJson(): string {
  return `${JSON.stringify(dashboard(), undefined, 2)}\n`;
}

/** Returns the ConfigMap of the component. */
export function dashboardConfigMapYaml(): string {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'kubelet-sysctl-agent-dashboard',
      namespace: 'kubelet-sysctl-agent',
      labels: { grafana_dashboard: '1' },
    },
    data: { 'kubelet-sysctl-agent.json': dashboardJson() },
  };
  return `# Made by \`node scripts/monitoring.ts\`. Grafana's sidecar picks it up by its label.\n${yamlOf(object)}`;
}

/** Returns the rows one below the other: first the title of each, then its panels side by side. */
function panelsOf(rows: readonly Row[]): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, height, panels: inRow } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    let x = 0;
    for (const panel of inRow) {
      const gridPos = { x, y: y + 1, w: panel.width, h: height };
      panels.push({ id: panels.length + 1, ...panelOf(panel), gridPos });
      x += panel.width;
    }
    y += 1 + height;
  }
  return panels;
}

function panelOf(panel: Panel): object {
  const { type, title, description, queries } = panel;
  const isTable = type === 'table';
  const isInstant = isTable || type === 'stat';
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, at) => ({
      refId: 'ABCDEFGH'.charAt(at),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr,
      instant: isInstant,
      range: !isInstant,
      format: isTable ? 'table' : 'time_series',
      legendFormat: legend,
    })),
    fieldConfig: { defaults: fieldOf(panel), overrides: [] },
    options: optionsOf(panel),
    ...(isTable && { transformations: [COLUMNS_OF_TABLE] }),
  };
}

const COLUMNS_OF_TABLE = {
  id: 'organize',
  options: {
    excludeByName: { Time: true, Value: true },
    indexByName: { node: 0, problem: 1 },
    renameByName: { node: 'Node', problem: 'Problem' },
  },
};

function fieldOf({ type, unit, stacked = false, words }: Panel): object {
  return {
    unit,
    ...(words && { mappings: [{ type: 'value', options: words }] }),
    ...(type === 'timeseries' && {
      min: 0,
      custom: {
        fillOpacity: stacked ? 30 : 0,
        stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
      },
    }),
  };
}

function optionsOf({ type, showsName = false }: Panel): object {
  switch (type) {
    case 'stat':
      return {
        textMode: showsName ? 'name' : 'value',
        colorMode: 'value',
        graphMode: 'none',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      };
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'multi', sort: 'none' },
      };
    case 'state-timeline':
      return { showValue: 'never', mergeValues: true, legend: { showLegend: false } };
    case 'table':
      return { showHeader: true };
  }
}
