// `import softmax from '../../shaders/ops/softmax.wgsl'` gives a Shader (see scripts/wgsl_plugin.ts).
declare module '*.wgsl' {
  const shader: import('./core/shader.ts').Shader;
  export default shader;
}
declare module '*.wasm?base64' {
  const text: string;
  export default text;
}
declare module '*.wasm?deflated' {
  const text: string;
  export default text;
}
declare module '*?worker&inline' {
  const constructor: new () => Worker;
  export default constructor;
}
