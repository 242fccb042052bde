// The colours of the picture. Text or hatching carries the same information as each colour.

/** Fill colours of each class in the light and the dark scheme. */
const FILLS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  done: ['#a6d9b0', '#2c6e3f'],
  waiting: ['#dfe3e8', '#3d444d'],
  approved: ['#c6dcff', '#2a4a7f'],
  changing: ['#5b9bf8', '#1f6feb'],
  watched: ['#9cc3ff', '#2f5fa8'],
  failed: ['#f7a8a3', '#9e332e'],
  blocked: ['#f5cf8e', '#7d5a14'],
  held: ['#e3d6f5', '#5b4482'],
  'not-ready': ['#f5b98e', '#8a4a1c'],
  silent: ['#eef0f2', '#2a2f36'],
  Waiting: ['#dfe3e8', '#3d444d'],
  Canary: ['#f3dc86', '#6b5611'],
  Soaking: ['#d8ecc0', '#46602b'],
  Rolling: ['#c6dcff', '#2a4a7f'],
  Paused: ['#e3d6f5', '#5b4482'],
  Halted: ['#f7a8a3', '#9e332e'],
  Done: ['#a6d9b0', '#2c6e3f'],
};

export const INK = { light: '#1f2328', dark: '#e6edf3' };
export const SOFT = { light: '#59636e', dark: '#9da7b1' };
export const CARD = { light: '#ffffff', dark: '#0d1117' };

/** Returns a style sheet with only these classes. */
export function styleOf(classes: readonly string[]): string {
  return `<style>${[
    'text{font:11px system-ui,-apple-system,"Segoe UI",sans-serif}',
    '.title{font-size:14px;font-weight:600}.name{font-weight:600}.what{font-style:italic}',
    '.axis,.edit{fill:none;stroke-width:1}.edit{stroke-dasharray:3 3}.hatch{fill-opacity:.22}',
    scheme('light', classes),
    `@media(prefers-color-scheme:dark){${scheme('dark', classes)}}`,
  ].join('')}</style>`;
}

function scheme(name: 'light' | 'dark', classes: readonly string[]): string {
  const fills = classes.map(
    (each) => `.${each}{fill:${FILLS[each]?.[name === 'light' ? 0 : 1] ?? SOFT[name]}}`,
  );
  return [
    `.card{fill:${CARD[name]}}text,.hatch{fill:${INK[name]}}.soft{fill:${SOFT[name]}}`,
    `.axis{stroke:${SOFT[name]}}.edit{stroke:${INK[name]}}`,
    ...fills,
  ].join('');
}
