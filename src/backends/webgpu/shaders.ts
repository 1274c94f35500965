// The texts of all shaders, by name: what a kernel's shader and the imports of texts refer to. It is a part of what a page
// loads when it first asks for a GPU. Not here: texts made for a dispatch (ops/chain_wgsl.ts).
import type { Shader, ShaderTable } from '../../core/shader.ts';

const files = import.meta.glob<Shader>('../../../shaders/**/*.wgsl', {
  eager: true,
  query: '?text',
  import: 'default',
});

export const shaders: ShaderTable = new Map(Object.values(files).map((one) => [one.name, one]));
