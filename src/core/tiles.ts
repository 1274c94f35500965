// What a device says about the tiles of products beside what sizes say: no tile moves a bit (docs/NUMERICS.md, R1), so
// the choice is one of speed alone, and plans for one device compute the same on another. Operators read it while they
// lower themselves (LowerContext), the part of the device makes it (backends/webgpu/tiles.ts). Not here: the tiles.

export interface Tiles {
  /**
   * How products of up to three rows are computed: 'lanes' has invocations share outputs, which fills a graphics card;
   * 'blocks' has blocks of four rows, some of them for nothing, and needs no workgroup memory.
   */
  readonly fewRows: 'lanes' | 'blocks';
  /** Of a device that runs each workgroup on one of so many processors: then few workgroups are balanced among them. */
  readonly processors?: number;
}

/** Of a graphics card, and where nothing is known. */
export const DEFAULT_TILES: Tiles = { fewRows: 'lanes' };
