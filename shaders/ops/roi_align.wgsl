// RoiAlign: samples of a region by linear interpolation, their mean or the greatest of their parts, every step a V2 operation
// in the order of docs/NUMERICS.md. Rows of samples where none are asked for: the size of a bin, rounded up, and not more
// than an axis has elements, and one. A region of an image that there is not gives +0. One invocation computes one output.
// #import math/arith
// #import math/index
struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  out_height: u32,
  out_width: u32,
  ratio: u32,
  is_max: u32,
  half_pixel: u32,
  scale: u32,
  n: u32,
  pad0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const HALF_BITS: u32 = 0x3f000000u;
const MINUS_ONE_BITS: u32 = 0xbf800000u;

// One axis of a region.
struct Side {
  start: u32,
  bin: u32,
  samples: u32,
  size: u32,
}

fn side_of(from_word: u32, to_word: u32, bins: u32, size: u32) -> Side {
  let offset = select(0u, HALF_BITS, params.half_pixel > 0u);
  let start = sub_f32(mul_f32(from_word, params.scale), offset);
  var length = sub_f32(sub_f32(mul_f32(to_word, params.scale), offset), start);
  if (params.half_pixel < 1u) {
    length = max_f32(length, ONE_BITS);
  }
  let bin = div_f32(length, u32_to_f32(bins));
  let wanted = f32_to_i32(ceil_f32(bin));
  let own = select(min(wanted, size + 1u), 0u, wanted >= SIGN_BIT);
  return Side(start, bin, select(own, params.ratio, params.ratio > 0u), size);
}

struct Place {
  low: u32,
  high: u32,
  low_weight: u32,
  high_weight: u32,
  outside: u32,
}

fn place_of(side: Side, bin: u32, sample: u32) -> Place {
  let middle = add_f32(u32_to_f32(sample), HALF_BITS);
  let step = div_f32(mul_f32(middle, side.bin), u32_to_f32(side.samples));
  let position = add_f32(add_f32(side.start, mul_f32(u32_to_f32(bin), side.bin)), step);
  let outside = less_f32(position, MINUS_ONE_BITS) | less_f32(u32_to_f32(side.size), position);
  var x = max_f32(position, 0u);
  var low = f32_to_i32(x);
  var high = low + 1u;
  if (low >= side.size - 1u) {
    low = side.size - 1u;
    high = low;
    x = select(u32_to_f32(low), x, is_nan(x));
  }
  let high_weight = sub_f32(x, u32_to_f32(low));
  return Place(low, high, sub_f32(ONE_BITS, high_weight), high_weight, outside);
}

fn part(plane: u32, row: u32, column: u32, row_weight: u32, column_weight: u32) -> u32 {
  return mul_f32(mul_f32(row_weight, column_weight), in0[plane + row * params.width + column]);
}

// The four parts of a sample, added from left to right, or the greatest.
fn sample_of(plane: u32, y: Place, x: Place) -> u32 {
  if ((y.outside | x.outside) > 0u) {
    return 0u;
  }
  let a = part(plane, y.low, x.low, y.low_weight, x.low_weight);
  let b = part(plane, y.low, x.high, y.low_weight, x.high_weight);
  let c = part(plane, y.high, x.low, y.high_weight, x.low_weight);
  let d = part(plane, y.high, x.high, y.high_weight, x.high_weight);
  if (params.is_max > 0u) {
    return max_f32(max_f32(max_f32(a, b), c), d);
  }
  return add_f32(add_f32(add_f32(a, b), c), d);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let element = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (element >= params.n) {
    return;
  }
  let each = params.out_height * params.out_width;
  let unit = div_u32(element, each);
  let region = div_u32(unit, params.channels);
  let i = element - unit * each;
  let bin_y = div_u32(i, params.out_width);
  let bin_x = i - bin_y * params.out_width;
  let rows = side_of(in1[4u * region + 1u], in1[4u * region + 3u], params.out_height, params.height);
  let columns = side_of(in1[4u * region], in1[4u * region + 2u], params.out_width, params.width);
  let image = in2[2u * region];
  var value = 0u;
  if (in2[2u * region + 1u] < 1u && image < params.batch) {
    let plane = (image * params.channels + unit - region * params.channels) * params.height * params.width;
    for (var sy = 0u; sy < rows.samples; sy++) {
      let row = place_of(rows, bin_y, sy);
      for (var sx = 0u; sx < columns.samples; sx++) {
        let sample = sample_of(plane, row, place_of(columns, bin_x, sx));
        if (params.is_max < 1u) {
          value = add_f32(value, sample);
        } else if (sy + sx < 1u) {
          value = sample;
        } else {
          value = max_f32(value, sample);
        }
      }
    }
  }
  let count = rows.samples * columns.samples;
  if (params.is_max < 1u && count > 0u) {
    value = div_f32(value, u32_to_f32(count));
  }
  out0[element] = value;
}
