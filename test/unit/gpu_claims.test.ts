// What is claimed of a GPU, from the words of real adapters: those of the stacks, and of browsers that say less.
import { expect, test } from 'vitest';
import { claimsOf } from '../../src/cli/device_reports.ts';
import { stackById } from '../../src/cli/stacks/catalog.ts';
import { gpuClaims } from '../../src/evidence/gpu_claims.ts';

const nothing = { vendor: '', architecture: '', device: '', description: '' };

test.each([
  [
    'Chromium with SwiftShader',
    { ...nothing, vendor: 'google', architecture: 'swiftshader' },
    { vendor: 'google', architecture: 'swiftshader', name: '', software: true },
  ],
  ['Firefox, which says nothing', nothing, { vendor: '', architecture: '', name: '' }],
  [
    'a fallback that says no more',
    { ...nothing, isFallbackAdapter: true },
    { vendor: '', architecture: '', name: '', software: true },
  ],
  [
    'Deno, which gives the vendor as a number',
    { ...nothing, vendor: '65541', device: '0', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' },
    {
      ...{ vendor: 'mesa', architecture: '', name: 'llvmpipe (LLVM 15.0.6, 256 bits)' },
      software: true,
    },
  ],
  [
    'a number that stands for nobody here',
    { ...nothing, vendor: '7', description: 'NVIDIA GeForce RTX 3060' },
    { vendor: 'nvidia', architecture: '', name: 'NVIDIA GeForce RTX 3060', software: false },
  ],
  [
    'Chrome on a graphics card',
    { ...nothing, vendor: 'nvidia', architecture: 'ampere' },
    { vendor: 'nvidia', architecture: 'ampere', name: '', software: false },
  ],
] as const)('%s', (_, words, claims) => {
  expect(gpuClaims(words)).toEqual(claims);
});

test('a stack is software where its title says so, though its adapter says nothing', () => {
  const adapterReport = { ...nothing, limits: {}, features: [] };
  const versions = { firefox: '153.8.0' };
  const claims = claimsOf(stackById('B'), { adapterReport, versions });
  expect(claims).toMatchObject({
    gpu: { vendor: '', software: true },
    browser: { name: 'Firefox', version: '153.8.0' },
    ...{ engine: 'SpiderMonkey', stack: 'B' },
  });
  expect(claimsOf(stackById('F'), { adapterReport, versions: {} }).gpu?.software).toBe(false);
});

test('an emulated processor is named as one', () => {
  const { processor, gpu } = claimsOf(stackById('wasm-arm'), {
    adapterReport: undefined,
    versions: { node: '22.0.0' },
  });
  expect({ processor, gpu }).toEqual({ processor: 'arm64, emulated', gpu: undefined });
});
