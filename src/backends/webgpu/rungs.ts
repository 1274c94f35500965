// The ladder (docs/NUMERICS.md, B7): which text of the rounded operations a shader is assembled with. Every kernel has
// every rung, because math/rounded is the only text that differs. 'reference' is no text: the core executes there. Beside the
// ladder a device has WGSL's dot4I8Packed or not: then math/dot is another text, of integers, whose words are the same.
import { assembleShader, type Shader, type ShaderName } from '../../core/shader.ts';
import packedDot from '../../../shaders/math/dot_packed.wgsl';
import light from '../../../shaders/math/rounded_light.wgsl';
import soft from '../../../shaders/math/rounded_soft.wgsl';
import { shaders } from './shaders.ts';

/** `full` is what runs; `soft` where a gate or an audit found its floats at fault; `light` nowhere yet. */
export type Rung = 'light' | 'full' | 'soft';

/** From the top down; below them all stands the reference. */
const LADDER: readonly Rung[] = ['light', 'full', 'soft'];

const TEXTS: Readonly<Record<Rung, ShaderName | undefined>> = { light, full: undefined, soft };

/** The text of a shader on a rung, for a device with `packedDots` or without. */
export function assembleOn(rung: Rung, shader: ShaderName | Shader, packedDots = false): string {
  const rounded = TEXTS[rung];
  const instead = new Map<string, ShaderName>();
  if (rounded !== undefined) instead.set('math/rounded', rounded);
  if (packedDots) instead.set('math/dot', packedDot);
  return assembleShader(shader, shaders, instead);
}

/** The first rung below on which the shader's text is another one; a text without rounded operations has none. */
export function rungBelow(rung: Rung, shader: ShaderName | Shader): Rung | 'reference' {
  const text = assembleOn(rung, shader);
  const below = LADDER.slice(LADDER.indexOf(rung) + 1);
  return below.find((one) => assembleOn(one, shader) !== text) ?? 'reference';
}
