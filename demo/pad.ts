// The drawing area: pointer events to strokes, strokes to ink (rasterise.ts, the page's own code), ink to the canvas.
// Touch, pen and mouse alike; one pointer draws at a time. It also shows a picture of 28 x 28 that was not drawn here.
import { addSegment, byteOf, rasterise, SIDE, type Box } from './rasterise.ts';
import { PAD, pointAt, segmentBetween, segmentsOf, type StrokePoint } from './strokes.ts';

const SOFT = 1;

export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #changed: () => void;
  readonly #light = new Float64Array(PAD * PAD);
  #strokes: StrokePoint[][] = [];
  #pointer: number | undefined;

  /** @param changed is called after every change that the visitor makes */
  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('page: this browser has no 2D canvas.');
    this.#canvas = canvas;
    this.#context = context;
    this.#changed = changed;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
      canvas.addEventListener(end, (event) => this.#up(event));
    }
  }

  get strokes(): number {
    return this.#strokes.length;
  }

  /** Grey bytes of the ink, PAD x PAD. */
  ink(): Uint8Array {
    return Uint8Array.from(this.#light, byteOf);
  }

  clear(): void {
    this.#strokes = [];
    this.#light.fill(0);
    this.#context.clearRect(0, 0, PAD, PAD);
  }

  /** Takes back the last stroke. */
  undo(): void {
    this.#strokes.pop();
    rasterise(segmentsOf(this.#strokes), PAD, SOFT).forEach((value, i) => {
      this.#light[i] = value / 255;
    });
    this.#paint({ left: 0, top: 0, right: PAD, bottom: PAD });
  }

  /** Shows a picture instead of strokes; the next stroke begins on empty paper. */
  show(picture: Uint8Array): void {
    this.clear();
    const scale = PAD / SIDE;
    picture.forEach((value, i) => {
      this.#context.fillStyle = `rgb(0 0 0 / ${value / 255})`;
      this.#context.fillRect((i % SIDE) * scale, Math.floor(i / SIDE) * scale, scale, scale);
    });
  }

  #at(event: PointerEvent): StrokePoint {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return pointAt(event.clientX - left, event.clientY - top, width, height);
  }

  #down(event: PointerEvent): void {
    if (this.#pointer !== undefined || event.button !== 0) return;
    event.preventDefault();
    if (this.#strokes.length === 0) this.clear();
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    const point = this.#at(event);
    this.#strokes.push([point]);
    this.#ink(point, point);
    this.#changed();
  }

  #move(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    // A browser that gathers several positions into one event still tells them; not every one has the method.
    const gathered = event.getCoalescedEvents?.() ?? [];
    for (const one of gathered.length > 0 ? gathered : [event]) this.#extend(this.#at(one));
    this.#changed();
  }

  #up(event: PointerEvent): void {
    if (event.pointerId === this.#pointer) this.#pointer = undefined;
  }

  #extend(point: StrokePoint): void {
    const stroke = this.#strokes.at(-1);
    const last = stroke?.at(-1);
    if (stroke === undefined || last === undefined) return;
    if (last[0] === point[0] && last[1] === point[1]) return;
    stroke.push(point);
    this.#ink(last, point);
  }

  #ink(from: StrokePoint, to: StrokePoint): void {
    this.#paint(addSegment(this.#light, segmentBetween(from, to), PAD, SOFT));
  }

  /** Black of the light's opacity; the style sheet turns it white on dark paper. */
  #paint({ left, top, right, bottom }: Box): void {
    const [width, height] = [right - left, bottom - top];
    if (width <= 0 || height <= 0) return;
    const image = this.#context.createImageData(width, height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = byteOf(this.#light[(top + y) * PAD + left + x] ?? 0);
        image.data[4 * (y * width + x) + 3] = value;
      }
    }
    this.#context.putImageData(image, left, top);
  }
}
