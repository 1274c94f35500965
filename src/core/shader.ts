// A WGSL text and what it imports. Shaders lie on disk as raw `.wgsl` files whose `// #import name` lines say what they
// need. A kernel holds the name of its file only, so that a page without a GPU loads no text: all texts are one table
// (`src/backends/webgpu/shaders.ts`), loaded with the backend that assembles them. Assembling only concatenates: no macro,
// no substitution inside a text.

/** A file's path under `shaders/` without the ending: what importing a `.wgsl` file gives (`scripts/wgsl_plugin.ts`). */
export type ShaderName = string;

/** A text with a name: a file's, one made for a dispatch, or a user's. */
export interface Shader {
  readonly name: string;
  readonly text: string;
  readonly imports: readonly (ShaderName | Shader)[];
}

/** All files, by name. */
export type ShaderTable = ReadonlyMap<ShaderName, Shader>;

/** The name of a shader or of a file. */
export const shaderName = (shader: ShaderName | Shader): string =>
  typeof shader === 'string' ? shader : shader.name;

/**
 * The text of `shader` behind everything it imports, each once, dependencies first. `instead` gives other texts, which
 * declare the same names, for some of them.
 *
 * @throws Error for a name that no file has
 */
export function assembleShader(
  shader: ShaderName | Shader,
  table: ShaderTable,
  instead: ReadonlyMap<string, ShaderName> = new Map(),
): string {
  const texts = new Map<string, string>();
  const visit = (wanted: ShaderName | Shader): void => {
    const name = shaderName(wanted);
    if (texts.has(name)) return;
    const given = instead.get(name) ?? wanted;
    const one = typeof given === 'string' ? table.get(given) : given;
    if (one === undefined) throw new Error(`shaders: there is no file '${shaderName(given)}'.`);
    for (const other of one.imports) visit(other);
    texts.set(name, one.text);
  };
  visit(shader);
  return [...texts.values()].join('\n');
}
