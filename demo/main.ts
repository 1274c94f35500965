// The page: a picture (drawn, picked or from an address) goes to both paths, the latest one first; the outcomes go to
// the view. Verifying the device is another matter and is loaded when its button is pressed (verify.ts).
import { contract } from '../src/index.ts';
import { fetchBundled, MODEL, pixelsOf, type Bundled, type Expected } from './bundled.ts';
import { showDevice } from './device.ts';
import { byId, copy, element, setText } from './elements.ts';
import { thisBrowser } from './environment.ts';
import type { Expectation } from './judge.ts';
import { Pad } from './pad.ts';
import { Paths } from './paths.ts';
import { normalise } from './preprocess.ts';
import { SIDE } from './rasterise.ts';
import { fragmentOf, readFragment } from './share.ts';
import { PAD } from './strokes.ts';
import { View } from './view.ts';

interface Picture {
  readonly pixels: Uint8Array;
  readonly expectation?: Expectation;
  readonly words?: readonly string[];
}

const FIRST = 3;

function thumbnail(pixels: Uint8Array): HTMLCanvasElement {
  const canvas = element('canvas');
  [canvas.width, canvas.height] = [SIDE, SIDE];
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((value, i) => (image.data[4 * i + 3] = value));
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

class Page {
  readonly #view = new View(thisBrowser());
  readonly #pad = new Pad(byId('pad', HTMLCanvasElement), () => this.#drawn());
  readonly #undo = byId('undo', HTMLButtonElement);
  readonly #link = byId('link', HTMLButtonElement);
  readonly #hint = byId('hint', HTMLElement);
  readonly #result = byId('paths', HTMLElement);
  #buttons: HTMLButtonElement[] = [];
  #paths: Paths | undefined;
  #wanted: Picture | undefined;
  #shown: { picture: Picture; digest: string } | undefined;
  #busy = false;

  constructor() {
    this.#undo.addEventListener('click', () => {
      this.#pad.undo();
      this.#drawn();
    });
    byId('clear', HTMLButtonElement).addEventListener('click', () => {
      this.#pad.clear();
      this.#drawn();
    });
    this.#link.addEventListener('click', () => {
      const shown = this.#shown;
      if (shown === undefined) return;
      const { picture, digest } = shown;
      const address = new URL(fragmentOf({ pixels: picture.pixels, digest }), location.href);
      void copy(address.href, this.#link);
    });
  }

  /** Fetches what the page is served with, then shows the address's picture or one of the bundled ones. */
  async start(): Promise<void> {
    const { bundled, expected } = await fetchBundled();
    this.#offer(bundled, expected);
    const { file, bytes, sha256 } = bundled.model;
    const about = `Model ${file}, ${bytes} bytes, SHA-256 ${sha256.slice(0, 16)}…, trained by the repository’s own script.`;
    setText(byId('model', HTMLElement), about);
    window.addEventListener('hashchange', () => this.#fromAddress());
    this.#paths = await Paths.load(MODEL);
    if (!this.#fromAddress() && this.#wanted === undefined) this.#buttons[FIRST]?.click();
    await this.#work();
  }

  /** The pixels of the picture that is shown; undefined before the first. */
  get picture(): Uint8Array | undefined {
    return this.#shown?.picture.pixels;
  }

  fail(error: unknown): void {
    this.#view.fail(error instanceof Error ? error.message : String(error));
  }

  /** A button for each bundled digit. */
  #offer(bundled: Bundled, expected: Expected): void {
    this.#buttons = bundled.pictures.map(({ label, pixels: base64 }) => {
      const pixels = pixelsOf(base64);
      const button = element('button', 'digit', thumbnail(pixels));
      button.type = 'button';
      button.setAttribute('aria-label', `Digit ${label}`);
      const known = expected.pictures.find((one) => one.label === label);
      button.addEventListener('click', () => {
        const expectation =
          known === undefined
            ? {}
            : { expectation: { digest: known.digest, by: 'the repository' }, words: known.words };
        this.#showPicture({ pixels, ...expectation }, button);
      });
      return button;
    });
    byId('digits', HTMLElement).replaceChildren(...this.#buttons);
  }

  #fromAddress(): boolean {
    const shared = readFragment(location.hash);
    if (shared === undefined) return false;
    const { pixels, digest } = shared;
    this.#showPicture({ pixels, expectation: { digest, by: 'the other device' } });
    return true;
  }

  #showPicture(picture: Picture, button?: HTMLButtonElement): void {
    this.#pad.show(picture.pixels);
    this.#press(button);
    this.#hint.hidden = true;
    this.#run(picture);
  }

  /** The visitor has drawn, undone or cleared. */
  #drawn(): void {
    this.#press(undefined);
    this.#hint.hidden = this.#pad.strokes > 0;
    this.#run({ pixels: normalise(this.#pad.ink(), PAD) });
  }

  #press(pressed: HTMLButtonElement | undefined): void {
    for (const button of this.#buttons) {
      button.setAttribute('aria-pressed', String(button === pressed));
    }
    this.#undo.disabled = this.#pad.strokes === 0;
  }

  #run(picture: Picture): void {
    this.#wanted = picture;
    // Until the latest picture is shown.
    this.#result.setAttribute('aria-busy', 'true');
    this.#work().catch((error: unknown) => this.fail(error));
  }

  /** Runs what is wanted; what was wanted in between and is no longer is left out. */
  async #work(): Promise<void> {
    if (this.#busy || this.#paths === undefined) return;
    this.#busy = true;
    try {
      while (this.#wanted !== undefined) {
        const picture = this.#wanted;
        this.#wanted = undefined;
        const outcomes = await this.#paths.run(picture.pixels);
        const drawn = picture.pixels.some((value) => value > 0);
        this.#view.show(outcomes, picture.expectation, picture.words, drawn);
        const digest = outcomes.wasm.result?.digest;
        this.#shown = digest === undefined ? undefined : { picture, digest };
        this.#link.disabled = digest === undefined || !drawn;
      }
      this.#result.setAttribute('aria-busy', 'false');
    } finally {
      this.#busy = false;
    }
  }
}

setText(byId('contract', HTMLElement), `contract ${contract.id} ${contract.version}`);
const page = new Page();
// The gate after the first picture: neither waits for the other's compiling.
page
  .start()
  .catch((error: unknown) => page.fail(error))
  .then(showDevice)
  .catch((error: unknown) => page.fail(error));
byId('bisect-open', HTMLButtonElement).addEventListener('click', () => {
  import('./bisect.ts')
    .then(({ openBisect }) => openBisect(() => page.picture))
    .catch((error: unknown) => page.fail(error));
});
const verify = byId('verify', HTMLButtonElement);
verify.addEventListener('click', () => {
  import('./verify.ts')
    .then(({ verifyDevice }) => verifyDevice())
    .catch((error: unknown) => page.fail(error));
});
