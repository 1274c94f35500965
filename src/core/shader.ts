// A WGSL text and the texts it imports. Shaders lie on disk as raw `.wgsl` files whose `// #import name`
// lines the build turns into imports of other such modules (`scripts/wgsl_plugin.ts`), so a bundle holds
// each text once and none that no kernel uses. Assembling only concatenates: no macro, no
// substitution inside a text.

/** One `.wgsl` file: its path under `shaders/` without the ending, its text, and what it imports. */
export interface Shader {
  readonly name: string;
  readonly text: string;
  readonly imports: readonly Shader[];
}

/**
 * The text of `shader` behind everything it imports, each once, dependencies first. `instead` gives other texts, which
 * declare the same names, for some of them.
 */
export function assembleShader(
  shader: Shader,
  instead: ReadonlyMap<string, Shader> = new Map(),
): string {
  const texts = new Map<string, string>();
  const visit = (wanted: Shader): void => {
    if (texts.has(wanted.name)) return;
    const one = instead.get(wanted.name) ?? wanted;
    for (const other of one.imports) visit(other);
    texts.set(wanted.name, one.text);
  };
  visit(shader);
  return [...texts.values()].join('\n');
}
