// A browser that looks whether submitted work is done only when something is submitted, as Firefox does between its own
// looks, ten a second: reading back submits, so that nothing waits for those. No GPU: the device here is a fake.
import { expect, test } from 'vitest';
import { Device } from '../../src/backends/webgpu/device.ts';

/** A device of which `answer` is called at every submission. */
function deviceThat(answer: () => void, lost: Promise<GPUDeviceLostInfo>): GPUDevice {
  const queue = {
    submit: (buffers: readonly GPUCommandBuffer[]) => {
      expect(buffers).toEqual([]);
      answer();
    },
  };
  // What a Device touches of it.
  return { queue, lost } as unknown as GPUDevice;
}

const never = new Promise<never>(() => undefined);

test('empty submissions follow until the work is done, and none afterwards', async () => {
  let submissions = 0;
  let done: (result: string) => void = () => undefined;
  const work = new Promise<string>((resolve) => (done = resolve));
  const device = Device.wrap(
    deviceThat(() => {
      submissions += 1;
      if (submissions === 3) done('done');
    }, never),
  );
  expect(await device.finished(work)).toBe('done');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(submissions).toBe(3);
});

test('none where the work is done at once', async () => {
  const device = Device.wrap(
    deviceThat(() => {
      throw new Error('submitted');
    }, never),
  );
  expect(await device.finished(Promise.resolve(7))).toBe(7);
  await new Promise((resolve) => setTimeout(resolve, 20));
});

test('a lost device ends the wait, and the submissions', async () => {
  let submissions = 0;
  let lose: (info: GPUDeviceLostInfo) => void = () => undefined;
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => (lose = resolve));
  const device = Device.wrap(
    deviceThat(() => {
      submissions += 1;
      lose({ reason: 'unknown', message: 'gone' } as GPUDeviceLostInfo);
    }, lost),
  );
  await expect(device.finished(never)).rejects.toThrow('the device was lost (unknown): gone.');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(submissions).toBe(1);
});
