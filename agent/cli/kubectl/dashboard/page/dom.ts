// Helpers for the DOM: no text is ever parsed as HTML.

/** Returns the page's element with this id. Throws when index.html has none of this type. */
export function byId<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`Expected an element #${id} of type ${type.name} in index.html, found none.`);
}

/** Returns a new element with these attributes and this content. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

/** Sets the text where it differs: a screen reader says each change of a live region. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Calls `run` when a person chooses this button while it is enabled. */
export function onClick(button: HTMLButtonElement, run: () => void): void {
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') run();
  });
}

/** Enables or disables the button for `onClick`. A browser takes the focus from a button with the attribute `disabled`. */
export function setEnabled(button: HTMLButtonElement, isEnabled: boolean): void {
  setAttribute(button, 'aria-disabled', String(!isEnabled));
}

/** Sets the attribute where it differs. */
export function setAttribute(target: Element, name: string, value: string): void {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}
