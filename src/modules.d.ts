// `import softmax from '../../shaders/ops/softmax.wgsl'` gives the file's name (see scripts/wgsl_plugin.ts).
declare module '*.wgsl' {
  const name: import('./core/shader.ts').ShaderName;
  export default name;
}
declare module '*.wasm?base64' {
  const text: string;
  export default text;
}
declare module '*.wasm?sha256' {
  const digits: string;
  export default digits;
}
declare module '*.wasm?exports' {
  const names: string;
  export default names;
}
declare module '*.wasm?deflated' {
  const text: string;
  export default text;
}
declare module '*?worker&inline' {
  const constructor: new () => Worker;
  export default constructor;
}
