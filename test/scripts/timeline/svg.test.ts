import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../scripts/timeline/layout.ts';
import { timelineOf } from '../../../scripts/timeline/model.ts';
import { recording } from './recording.ts';
import { svgOf } from '../../../scripts/timeline/svg.ts';

const CAPTION = { title: 'A rollout <of three>', subtitle: 'recorded' };

describe('the picture of a rollout', () => {
  const timeline = timelineOf(recording());
  const svg = svgOf(timeline, CAPTION);

  it('is small, and the same for the same recording', () => {
    expect(svgOf(timelineOf(recording()), CAPTION)).toBe(svg);
    expect(svg.length).toBeLessThan(12_000);
  });

  it('has no script, loads nothing, and has colours for light and dark', () => {
    expect(svg).not.toMatch(/<script|href|url\((?!#)|@import|@font-face/iu);
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  it('contains its content as text, for screen readers', () => {
    expect(svg).toContain('<title id="title">A rollout &lt;of three&gt;</title>');
    expect(svg).toMatch(/role="img" aria-labelledby="title summary"/u);
    expect(svg).toContain('at 20 s C: another &amp; better one');
    expect(svg).toContain('Halted until 20.2 s');
    expect(svg).toContain('failed with list A until 20.1 s');
  });

  it('is well-formed: every opened element is closed', () => {
    const open: string[] = [];
    const wrong: string[] = [];
    for (const [, close, name = '', rest = ''] of svg.matchAll(/<(\/?)([a-z]+)((?:[^"<>]|"[^"<>]*")*)>/gu)) {
      if (close === '/' && open.pop() !== name) wrong.push(name);
      if (close !== '/' && !rest.endsWith('/')) open.push(name);
    }
    expect([...open, ...wrong]).toEqual([]);
    expect(svg.replaceAll(/<(?:[^"<>]|"[^"<>]*")*>/gu, '')).not.toMatch(/[<>]/u);
  });

  it('shows that other nodes keep their list after one has failed', () => {
    expect(svg).toContain('>rolled back, runs A<');
    expect(svg).toContain('>waits, runs A<');
    expect(svg).toContain('>Halted<');
  });

  it('keeps everything within its edges', () => {
    const { boxes, lines, words, width, height } = layoutOf(timeline);
    for (const box of boxes) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
    }
    for (const line of lines) expect([line.x <= width, line.bottom <= height]).toEqual([true, true]);
    for (const { x, y } of words) expect([x >= 0, x <= width, y <= height]).toEqual([true, true, true]);
  });

  it('has a legend of only the states that occur', () => {
    const { classes } = layoutOf(timeline);
    expect(classes).toContain('failed');
    expect(classes).not.toContain('blocked');
    expect(svg).toContain('>failed, rolled back<');
    expect(svg).not.toContain('>blocked<');
  });

  it('places the labels of close edits one above the other', () => {
    const edits = [0, 0.5, 1].map((at) => ({ at, what: 'a rather long description of it', lists: [] }));
    const { words } = layoutOf({ ...timeline, edits });
    const places = words.filter((each) => each.class === 'what').map(({ y }) => y);
    expect(new Set(places).size).toBe(3);
  });

  it('can be drawn from a single instant', () => {
    const still = timelineOf(recording().slice(0, 4));
    expect(svgOf(still, CAPTION)).not.toMatch(/NaN|Infinity/u);
  });
});
