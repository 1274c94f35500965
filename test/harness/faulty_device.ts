// A device that begins to compute wrongly: once armed, pipelines of one kernel are swapped, as passes set them, for ones
// built from an edited text, so that nothing that was made, compiled or checked before can tell. For tests of the audit.

/** Which elements a fault hits: an expression of WGSL over `i`, the word's index in the output, true where it does. */
export interface PlantedFault {
  /** The kernel's name. */
  readonly kernel: string;
  /** `true` for every element. */
  readonly where: string;
  /** Only the text of rung `full` is at fault: that of `soft` is compiled as it is. All texts if not given. */
  readonly only?: 'full';
}

export interface FaultyDevice {
  armed: boolean;
  /** How often a faulty pipeline took a sound one's place. */
  swapped: number;
}

/** Every word that is stored to the output has its lowest bit flipped there. */
export function plant(text: string, where: string): string {
  const edited = text.replace(/\bout0\[([^;=]*)\] = ([^;]+);/g, 'out0[$1] = ($2) ^ fault($1);');
  if (edited === text) throw new Error('fault: the text stores nothing to out0');
  return `${edited}\nfn fault(i: u32) -> u32 { return select(0u, 1u, ${where}); }\n`;
}

/** Changes `device`; its calls work as before until `armed` is set. */
export function faultyDevice(
  device: GPUDevice,
  { kernel, where, only }: PlantedFault,
): FaultyDevice {
  const state: FaultyDevice = { armed: false, swapped: 0 };
  const codes = new Map<GPUShaderModule, string>();
  const recipes = new Map<GPUComputePipeline, GPUComputePipelineDescriptor>();
  const faulty = new Map<GPUComputePipeline, GPUComputePipeline>();

  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const module = createShaderModule(descriptor);
    codes.set(module, descriptor.code);
    return module;
  };
  const createComputePipeline = device.createComputePipeline.bind(device);
  const remember = (
    descriptor: GPUComputePipelineDescriptor,
    pipeline: GPUComputePipeline,
  ): GPUComputePipeline => {
    const isSoft = codes.get(descriptor.compute.module)?.includes('fn soft_add(') === true;
    if (descriptor.label === kernel && !(only === 'full' && isSoft)) {
      recipes.set(pipeline, descriptor);
    }
    return pipeline;
  };
  device.createComputePipeline = (descriptor) =>
    remember(descriptor, createComputePipeline(descriptor));
  const createComputePipelineAsync = device.createComputePipelineAsync.bind(device);
  device.createComputePipelineAsync = async (descriptor) =>
    remember(descriptor, await createComputePipelineAsync(descriptor));

  const inPlaceOf = (pipeline: GPUComputePipeline): GPUComputePipeline => {
    const recipe = recipes.get(pipeline);
    if (!state.armed || recipe === undefined) return pipeline;
    state.swapped += 1;
    let other = faulty.get(pipeline);
    if (other === undefined) {
      const code = plant(codes.get(recipe.compute.module) ?? '', where);
      const compute = { ...recipe.compute, module: createShaderModule({ code }) };
      other = createComputePipeline({ ...recipe, compute });
      faulty.set(pipeline, other);
    }
    return other;
  };
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder(descriptor);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (of) => {
      const pass = beginComputePass(of);
      const setPipeline = pass.setPipeline.bind(pass);
      pass.setPipeline = (pipeline) => setPipeline(inPlaceOf(pipeline));
      return pass;
    };
    return encoder;
  };
  return state;
}
