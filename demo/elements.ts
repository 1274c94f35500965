// Small helpers for the page's own elements. No framework: the page is static, and what changes is text and classes.

/** The element with this id. @throws Error if the page has none of that kind */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`page: expected #${id} as ${kind.name}.`);
  return found;
}

/** A new element with classes and text or children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  classes = '',
  ...children: (string | Node)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (classes !== '') made.className = classes;
  made.append(...children);
  return made;
}

/** Sets text only where it changes, so that a live region does not repeat itself. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export type VerdictState = 'busy' | 'same' | 'partial' | 'differs';

/** Sets a `.verdict` box: its colour and sign, and its text. */
export function setVerdict(box: HTMLElement, state: VerdictState, text: string): void {
  box.dataset['state'] = state;
  const line = box.querySelector('p');
  if (line !== null) setText(line, text);
}

/** A digest in four groups that may break between them; copied, it is one word. */
export function digestText(digest: string): HTMLElement {
  const groups = digest.match(/.{1,16}/g) ?? [];
  return element('code', 'digest', ...groups.map((group) => element('span', '', group)));
}

/** Puts `text` on the clipboard and says so on the button for two seconds. */
export async function copy(text: string, button: HTMLButtonElement): Promise<void> {
  const before = button.dataset['label'] ?? button.textContent;
  button.dataset['label'] = before;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    // Without permission, or on a page that is not secure.
    button.textContent = 'Not allowed';
  }
  setTimeout(() => (button.textContent = before), 2000);
}
