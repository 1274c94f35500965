// Shows the outcomes of both paths: bars of the logits, digests side by side with the expected one, the table of words.
// It builds its rows once and changes text and widths; the verdict's text is judge.ts's.
import type { Backend } from '../src/index.ts';
import { byId, digestText, element, setText, setVerdict } from './elements.ts';
import { judge, readDigit, type Expectation } from './judge.ts';
import type { Outcomes, PathResult } from './paths.ts';

const CLASSES = 10;
const BACKENDS: readonly Backend[] = ['wasm', 'webgpu'];
const TITLES: Readonly<Record<Backend, string>> = { wasm: 'WebAssembly', webgpu: 'WebGPU' };
/** The axis reaches at least this far to both sides; the model's logits hardly exceed it. */
const REACH = 10;

/** A float32 in enough digits that name no other float32; the minus sign is the typographic one. */
export function decimal(value: number): string {
  const digits = [6, 7, 8].find((n) => Math.fround(Number(value.toPrecision(n))) === value) ?? 9;
  return value.toPrecision(digits).replace('-', '−');
}

interface Row {
  readonly item: HTMLElement;
  readonly value: HTMLElement;
  readonly bars: Readonly<Record<Backend, HTMLElement>>;
}

function logitRow(digit: number): Row {
  const bars = { wasm: element('i', 'bar wasm'), webgpu: element('i', 'bar webgpu') };
  const track = element('span', 'track', bars.wasm, bars.webgpu);
  track.setAttribute('aria-hidden', 'true');
  const value = element('span', 'value');
  const item = element('li', '', element('b', '', String(digit)), track, value);
  return { item, value, bars };
}

function milliseconds(ms: number): string {
  // Clocks of browsers are rounded, to 1 ms at the coarsest.
  return ms < 1 ? 'under 1 ms' : `${ms.toFixed(1)} ms`;
}

export class View {
  readonly #rows: readonly Row[];
  readonly #paths = byId('paths', HTMLElement);
  readonly #verdict = byId('verdict', HTMLElement);
  readonly #browser: string;

  constructor(browser: string) {
    this.#browser = browser;
    this.#rows = Array.from({ length: CLASSES }, (_, digit) => logitRow(digit));
    byId('logits', HTMLElement).append(...this.#rows.map((row) => row.item));
  }

  fail(message: string): void {
    setVerdict(this.#verdict, 'differs', message);
  }

  /** @param expectedWords the repository's words, where it has them */
  show(
    outcomes: Outcomes,
    expectation: Expectation | undefined,
    expectedWords: readonly string[] | undefined,
    drawn: boolean,
  ): void {
    const { state, text } = judge(outcomes, expectation);
    setVerdict(this.#verdict, state, text);
    this.#showLogits(outcomes, drawn);
    this.#showPaths(outcomes, expectation);
    this.#showWords(outcomes, expectedWords);
  }

  #showLogits({ wasm, webgpu }: Outcomes, drawn: boolean): void {
    const logits = wasm.result?.logits ?? webgpu.result?.logits;
    const best = logits === undefined || !drawn ? -1 : readDigit(logits);
    const reads = byId('reads', HTMLElement);
    if (best < 0) setText(reads, '');
    else reads.replaceChildren('It reads a ', element('strong', '', String(best)));
    const reach = Math.max(REACH, ...(logits ?? []).map((value) => Math.abs(value)));
    this.#rows.forEach(({ item, value, bars }, digit) => {
      item.classList.toggle('best', digit === best);
      setText(value, logits === undefined ? '' : decimal(logits[digit] ?? 0));
      for (const backend of BACKENDS) {
        const result = backend === 'wasm' ? wasm.result : webgpu.result;
        const share = (50 * (result?.logits[digit] ?? 0)) / reach;
        bars[backend].style.left = `${share < 0 ? 50 + share : 50}%`;
        bars[backend].style.width = `${Math.abs(share)}%`;
      }
    });
    this.#rows[0]?.item.parentElement?.classList.toggle('single', webgpu.result === undefined);
  }

  #showPaths(outcomes: Outcomes, expectation: Expectation | undefined): void {
    const wanted = expectation?.digest ?? outcomes.wasm.result?.digest;
    const parts = BACKENDS.map((backend) => {
      const { result, why } = outcomes[backend];
      const where = backend === 'wasm' ? this.#browser : (result?.adapter ?? '');
      return this.#path(TITLES[backend], backend, where, result, why, wanted);
    });
    const expected = element('article', 'path expected', element('h3', '', 'Expected'));
    if (expectation === undefined) {
      const text =
        'The repository has no digest for your own drawing. Copy the link and open it on another device: it must show the same digest.';
      expected.append(element('p', 'quiet', text));
    } else {
      expected.append(
        element('p', 'quiet', `From ${expectation.by}, for this picture`),
        digestText(expectation.digest),
      );
    }
    this.#paths.replaceChildren(...parts, expected);
  }

  #path(
    title: string,
    backend: Backend,
    where: string,
    result: PathResult | undefined,
    why: string | undefined,
    wanted: string | undefined,
  ): HTMLElement {
    const path = element('article', `path ${backend}`, element('h3', '', title));
    path.dataset['backend'] = backend;
    if (result === undefined) {
      path.append(element('p', '', why ?? 'It did not run.'));
      return path;
    }
    const same = result.digest === wanted;
    const mark = element('span', `mark ${same ? 'same' : 'differs'}`, same ? '✓' : '≠');
    mark.setAttribute('role', 'img');
    mark.setAttribute('aria-label', same ? 'same digest' : 'another digest');
    path.querySelector('h3')?.append(mark);
    const time = element('span', 'time', milliseconds(result.ms));
    path.append(element('p', 'quiet', element('span', '', where), ' · ', time));
    path.append(digestText(result.digest));
    for (const note of result.notes) path.append(element('p', 'quiet', note));
    return path;
  }

  #showWords({ wasm, webgpu }: Outcomes, expected: readonly string[] | undefined): void {
    byId('expected-column', HTMLElement).hidden = expected === undefined;
    const rows = Array.from({ length: CLASSES }, (_, digit) => {
      const words = [wasm.result?.words[digit], webgpu.result?.words[digit], expected?.[digit]];
      const known = words.filter((word) => word !== undefined);
      const same = known.every((word) => word === known[0]);
      const head = element('th', '', String(digit));
      head.scope = 'row';
      const logit = (wasm.result ?? webgpu.result)?.logits[digit];
      const row = element(
        'tr',
        same ? '' : 'differs',
        head,
        element('td', 'value', logit === undefined ? '' : decimal(logit)),
        ...words
          .slice(0, expected === undefined ? 2 : 3)
          .map((word) => element('td', '', element('code', '', word ?? 'did not run'))),
        element('td', 'sign', known.length < 2 ? '' : same ? '=' : '≠'),
      );
      return row;
    });
    byId('word-rows', HTMLElement).replaceChildren(...rows);
  }
}
