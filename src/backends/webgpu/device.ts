// A GPUDevice with everything that can go wrong made into a rejected promise: validation and out-of-memory
// errors of a scope, uncaptured errors, loss. Requests default limits only; a caller's own device is used as
// it is and not destroyed, and its uncaptured errors are the caller's: what this library does stands in scopes.
import { DeviceError } from '../../core/errors.ts';
import type { Tiles } from '../../core/tiles.ts';
import { findAdapter } from './adapter.ts';
import { processorsHere, tilesOf } from './tiles.ts';

export interface DeviceInfo {
  /** `vendor architecture device description`, as far as the adapter tells. */
  readonly name: string;
  /** True for an adapter that computes on the CPU. */
  readonly software: boolean;
  /** What the adapter says of itself, field by field; absent where it says nothing. */
  readonly adapter?: AdapterFields;
}

/** The texts of a GPUAdapterInfo. */
export interface AdapterFields {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render|microsoft basic|warp/i;

export function describeAdapter(info: GPUAdapterInfo): DeviceInfo {
  const { vendor, architecture, device, description } = info;
  const parts = [vendor, architecture, device, description];
  const name = [...new Set(parts.filter((part) => part !== ''))].join(' ');
  const fallback = 'isFallbackAdapter' in info && info.isFallbackAdapter;
  return {
    name: name === '' ? 'unnamed adapter' : name,
    software: fallback || SOFTWARE.test(name),
    adapter: { vendor, architecture, device, description },
  };
}

export class Device {
  readonly gpu: GPUDevice;
  readonly info: DeviceInfo;
  /** What plans for it are made with: what its adapter says, or a test that looks at others. */
  tiles: Tiles;
  /**
   * Whether shaders use WGSL's dot4I8Packed (math/dot_packed): where the language has it, but not on a CPU, where bytes that are
   * taken apart once are quicker (`npm run bench:dots`), nor once the gate has found it wrong (B7).
   */
  packedDots: boolean;
  readonly #owned: boolean;
  static readonly #wrapped = new WeakMap<GPUDevice, Device>();
  #failure: DeviceError | undefined;
  readonly #failed: Promise<never>;
  readonly #fail: (message: string, stage: string) => void;

  private constructor(
    gpu: GPUDevice,
    info: DeviceInfo,
    owned: boolean,
    from: GPU | undefined = globalThis.navigator?.gpu,
  ) {
    this.gpu = gpu;
    this.info = info;
    this.tiles = tilesOf(info.software, processorsHere());
    // Not every implementation lists what its language has.
    const features: Pick<ReadonlySet<string>, 'has'> | undefined = from?.wgslLanguageFeatures;
    const hasDots = features?.has('packed_4x8_integer_dot_product') ?? false;
    this.packedDots = hasDots && !info.software;
    this.#owned = owned;
    let reject: (error: DeviceError) => void = () => undefined;
    this.#failed = new Promise<never>((_, no) => {
      reject = no;
    });
    // The rejection is delivered through race(); without a run there is nobody to tell.
    this.#failed.catch(() => undefined);
    this.#fail = (message, stage) => {
      this.#failure ??= new DeviceError(message, { stage, adapter: info.name });
      reject(this.#failure);
    };
    if (owned) {
      gpu.addEventListener('uncapturederror', (event) => {
        event.preventDefault();
        this.#fail(`WebGPU: ${firstLine(event.error.message)}`, 'run');
      });
    }
    const remedy = owned ? 'Run again.' : 'Load the model again with a new device.';
    void gpu.lost.then(({ reason, message }) => {
      const why = message === '' ? '.' : `: ${firstLine(message)}`;
      this.#fail(`WebGPU: the device was lost (${reason})${why} ${remedy}`, 'lost');
    });
  }

  /** The caller's own device, which came `from` there; asked twice for the same one, it is the same object. */
  static wrap(gpu: GPUDevice, from?: GPU): Device {
    let device = Device.#wrapped.get(gpu);
    if (device === undefined) {
      const info = 'adapterInfo' in gpu ? describeAdapter(gpu.adapterInfo) : undefined;
      device = new Device(gpu, info ?? { name: 'unnamed adapter', software: false }, false, from);
      Device.#wrapped.set(gpu, device);
    }
    return device;
  }

  /** @throws DeviceError if there is no adapter or it gives no device */
  static async request(
    gpu: GPU | undefined,
    options: GPURequestAdapterOptions = {},
  ): Promise<Device> {
    return Device.of(await findAdapter(gpu, options), gpu);
  }

  /** @throws DeviceError if the adapter gives no device */
  static async of(adapter: GPUAdapter, from?: GPU): Promise<Device> {
    try {
      return new Device(await adapter.requestDevice(), describeAdapter(adapter.info), true, from);
    } catch (cause) {
      const { name } = describeAdapter(adapter.info);
      throw new DeviceError('WebGPU: the adapter gave no device.', {
        stage: 'device',
        adapter: name,
        cause,
      });
    }
  }

  get failure(): DeviceError | undefined {
    return this.#failure;
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * What to reject with where a buffer could not be read although no error scope told why. A device does that once it
   * is lost, before it says so: one of ours is given up at once, so that the next run takes another.
   */
  unreadable(cause: unknown): DeviceError {
    const remedy = this.#owned ? 'Run again.' : 'Load the model again with a new device.';
    const message = `WebGPU: reading back failed: ${firstLine(String(cause))} ${remedy}`;
    if (this.#owned) this.#fail(message, 'read');
    return new DeviceError(message, { stage: 'read', adapter: this.info.name, cause });
  }

  /** `promise`, or the device's failure if that comes first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failed]);
  }

  /**
   * race() for what is pending until submitted work is done. Firefox looks whether it is ten times a second and at every
   * submission, so empty ones follow, each after a quarter of the time that went by (docs/BENCHMARKS.md, "Reading back").
   */
  async finished<T>(promise: Promise<T>): Promise<T> {
    let wait = 1;
    const submit = (): void => {
      this.gpu.queue.submit([]);
      timer = setTimeout(submit, (wait *= 1.25));
    };
    let timer = setTimeout(submit, wait);
    try {
      return await this.race(promise);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs `work` and rejects if it made a validation or out-of-memory error. */
  async scoped<T>(stage: string, work: () => T): Promise<T> {
    const { result, checked } = this.guard(stage, work);
    await checked;
    return result;
  }

  /**
   * Runs `work` now; `checked` rejects if it made a validation or out-of-memory error. The scopes are pushed and
   * popped in one turn, so that others may use the device in between.
   */
  guard<T>(stage: string, work: () => T): { result: T; checked: Promise<void> } {
    this.throwIfFailed();
    this.gpu.pushErrorScope('out-of-memory');
    this.gpu.pushErrorScope('validation');
    try {
      const result = work();
      return { result, checked: this.#checkScopes(stage) };
    } catch (cause) {
      this.#checkScopes(stage).catch(() => undefined);
      if (cause instanceof TypeError || cause instanceof RangeError) throw cause;
      if (cause instanceof DeviceError) throw cause;
      throw new DeviceError(`WebGPU: ${firstLine(String(cause))}`, {
        stage,
        adapter: this.info.name,
        cause,
      });
    }
  }

  async #checkScopes(stage: string): Promise<void> {
    const scopes = [this.gpu.popErrorScope(), this.gpu.popErrorScope()];
    const errors = await this.race(Promise.all(scopes));
    const error = errors.find((one) => one !== null);
    if (error) {
      throw new DeviceError(`WebGPU: ${firstLine(error.message)}`, {
        stage,
        adapter: this.info.name,
        cause: error,
      });
    }
  }

  dispose(): void {
    if (this.#owned) this.gpu.destroy();
  }
}

/** The first line of what an implementation says, as a sentence; the rest stays in the error's cause. */
function firstLine(message: string): string {
  return `${(message.split('\n')[0] ?? '').replace(/[.\s]+$/, '')}.`;
}
