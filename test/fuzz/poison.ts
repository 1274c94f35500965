// Memory of the core that nobody has written yet, filled with a word of choice instead of zeros: what reads beyond its
// operands, or before they are written, then gives other outputs. For this process only, around WebAssembly itself.

const PAGE = 65536;
let pattern = 0;

/** From now on, instances begin with this byte wherever the heap is. */
export function poison(byte: number): void {
  pattern = byte;
}

function fill(memory: WebAssembly.Memory, from: number): void {
  if (pattern !== 0) new Uint8Array(memory.buffer, from).fill(pattern);
}

/** Takes over WebAssembly.Instance; once. */
export function watchInstances(): void {
  const { Instance } = WebAssembly;
  const made = function instance(
    module: WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ): WebAssembly.Instance {
    const instance = new Instance(module, imports);
    const memory = imports?.['env']?.['memory'];
    const { __heap_base: base } = instance.exports;
    if (memory instanceof WebAssembly.Memory && base instanceof WebAssembly.Global) {
      fill(memory, Number(base.value));
      const grow = memory.grow.bind(memory);
      memory.grow = (pages) => {
        const before = grow(pages);
        fill(memory, before * PAGE);
        return before;
      };
    }
    return instance;
  };
  Object.assign(WebAssembly, { Instance: made });
}
