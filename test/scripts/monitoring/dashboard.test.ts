import { describe, expect, it } from 'vitest';
import { objectAt, objectsAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { dashboardJson } from '../../../scripts/monitoring/dashboard.ts';
import { unknownIn } from './known-metrics.ts';

const dashboard: JsonObject = objectAt(JSON.parse(dashboardJson()));
const all = objectsAt(dashboard, 'panels');
const panels = all.filter((panel) => panel['type'] !== 'row');

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function placeOf(panel: JsonObject): Place {
  const { x, y, w, h } = objectAt(panel, 'gridPos');
  return { x: Number(x), y: Number(y), w: Number(w), h: Number(h) };
}

function overlap(one: Place, other: Place): boolean {
  return (
    one.x < other.x + other.w &&
    other.x < one.x + one.w &&
    one.y < other.y + other.h &&
    other.y < one.y + one.h
  );
}

describe('the dashboard', () => {
  it('can be imported into any Grafana, and is found again by its uid', () => {
    expect(dashboard).toMatchObject({ id: null, uid: 'kubelet-sysctl-agent', schemaVersion: 39 });
    expect(dashboard).not.toHaveProperty('__inputs');
    expect(
      objectsAt(objectAt(dashboard, 'templating'), 'list').map(({ name, type }) => ({ name, type })),
    ).toEqual([{ name: 'datasource', type: 'datasource' }]);
  });

  it('every panel has a title, a description, a unit and a query, and asks the Prometheus that the person chose', () => {
    expect(panels.length).toBeGreaterThan(10);
    for (const panel of panels) {
      expect(String(panel['title'])).toMatch(/^[A-Z]/u);
      expect(String(panel['description'])).toMatch(/^[A-Z].*\.$/u);
      expect(String(objectAt(panel, 'fieldConfig', 'defaults')['unit'])).not.toBe('undefined');
      const targets = objectsAt(panel, 'targets');
      expect(targets.length).toBeGreaterThan(0);
      for (const source of [panel, ...targets]) {
        expect(source['datasource']).toEqual({ type: 'prometheus', uid: '${datasource}' });
      }
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
    const ids = all.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(
    panels.flatMap((panel) =>
      objectsAt(panel, 'targets').map(({ refId, expr }) => [panel['title'], refId, String(expr)] as const),
    ),
  )('the query of %s %s is PromQL, and names only metrics that the coordinator has', (_title, _ref, expr) => {
    expect(unknownIn(expr)).toEqual([]);
  });

  it('no panel overlaps another or leaves the grid', () => {
    const places = all.map(placeOf);
    places.forEach((place, at) => {
      expect(place.x + place.w).toBeLessThanOrEqual(24);
      expect(places.slice(at + 1).filter((other) => overlap(place, other))).toEqual([]);
    });
  });
});
