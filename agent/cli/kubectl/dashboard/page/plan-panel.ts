// The plan of an edit before it is made.

import { errorText } from '../../../../text/error-text.ts';
import { plan, readPolicy } from './client.ts';
import { byId, element, onClick, setText } from './dom.ts';
import { Latest } from './latest.ts';

/** Wires the text, its button and the plan, and loads the policy in force. */
export function createPlanPanel(): void {
  const text = byId('policy', HTMLTextAreaElement);
  const [run, reload] = [byId('plan-run', HTMLButtonElement), byId('plan-reload', HTMLButtonElement)];
  const plans = new Latest();
  const [said, result] = [byId('plan-said', HTMLElement), byId('plan-result', HTMLElement)];

  onClick(run, () => void show());
  onClick(reload, () => void load());
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void show();
  });
  void load();

  async function load(): Promise<void> {
    try {
      text.value = (await readPolicy()).text;
      setText(said, '');
    } catch (error) {
      setText(said, errorText(error));
    }
  }

  async function show(): Promise<void> {
    const isLast = plans.ask();
    setText(said, 'Planning…');
    try {
      const answer = await plan(text.value);
      if (!isLast()) return;
      result.replaceChildren(element('pre', {}, ...linesOf(answer.text)));
      setText(
        said,
        answer.valid
          ? 'Planned; nothing is written.'
          : 'Not valid; the agents would keep the policy in force.',
      );
    } catch (error) {
      if (isLast()) setText(said, errorText(error));
    }
  }
}

/** Each line by what it says: the sign at its beginning stays, so the colour adds nothing alone. */
function linesOf(text: string): readonly HTMLElement[] {
  return text
    .split('\n')
    .map((line) =>
      element('span', { class: KINDS[/^ *([+−↻✗?!])/u.exec(line)?.[1] ?? ''] ?? 'line' }, `${line}\n`),
    );
}

const KINDS: Readonly<Record<string, string>> = {
  '+': 'line added',
  '−': 'line removed',
  '↻': 'line restart',
  '✗': 'line refused',
  '?': 'line warning',
  '!': 'line warning',
};
