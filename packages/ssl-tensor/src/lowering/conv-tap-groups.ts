import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { Geometry } from './conv-geometry.js';
import { productOverRows } from './product-over-rows.js';

/** Output positions whose windows have the same taps within the image. */
interface TapGroup {
  /** Places in the filter, ascending. */
  readonly taps: number[];
  /** Places in the output. */
  readonly positions: number[];
  /** For each position and tap, the pixel of the input. */
  readonly sources: number[];
}

/** Share of the products with padding above which positions are grouped: below it, the joining costs as much. */
const worthwhile = 0.2;

/** True on small maps, where much of what windows cover is padding: on 4 x 4 outputs of a 3 x 3 filter, 31 %. */
export function suitsTapGroups(g: Geometry): boolean {
  const covered = ([0, 1] as const).map((axis) => {
    let taps = 0;
    for (let position = 0; position < g.outSize[axis]; position++) taps += tapsInside(g, axis, position).length;
    return taps / (g.outSize[axis] * g.kernel[axis]);
  });
  return 1 - covered[0]! * covered[1]! > worthwhile;
}

/** Taps of one axis that meet a pixel at an output position. */
function tapsInside(g: Geometry, axis: 0 | 1, position: number): readonly { tap: number; pixel: number }[] {
  const found: { tap: number; pixel: number }[] = [];
  for (let tap = 0; tap < g.kernel[axis]; tap++) {
    const pixel = position * g.stride[axis] + tap * g.dilation[axis] - g.pads[axis]!;
    if (pixel >= 0 && pixel < g.inSize[axis]) found.push({ tap, pixel });
  }
  return found;
}

function tapGroups(g: Geometry): readonly TapGroup[] {
  const groups = new Map<string, TapGroup>();
  for (let oy = 0; oy < g.outSize[0]; oy++) {
    for (let ox = 0; ox < g.outSize[1]; ox++) {
      const columns = tapsInside(g, 1, ox);
      const window = tapsInside(g, 0, oy).flatMap((row) =>
        columns.map((column) => ({
          tap: row.tap * g.kernel[1] + column.tap,
          pixel: row.pixel * g.inSize[1] + column.pixel,
        })),
      );
      const taps = window.map(({ tap }) => tap);
      const key = taps.join();
      const group = groups.get(key) ?? { taps, positions: [], sources: [] };
      groups.set(key, group);
      group.positions.push(oy * g.outSize[1] + ox);
      group.sources.push(...window.map(({ pixel }) => pixel));
    }
  }
  return [...groups.values()];
}

const chosen = (b: Builder, value: Value, places: readonly number[], axis: number): Value =>
  b.gather(value, b.constant(Int32Array.from(places), [places.length], 'int32'), axis);

/** The pixels under a group's taps, `[n * positions, taps * c]`. */
function groupColumns(b: Builder, x: Value, { taps, positions, sources }: TapGroup): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  return b.reshape(chosen(b, b.reshape(x, [n, h * w, c]), sources, 1), [n * positions.length, taps.length * c]);
}

/** `[n, h, w, c]` and `[kh, kw, c, o]` to `[n, oh, ow, o]`, by one product for each group of positions. */
export function convByTapGroups(b: Builder, x: Value, filter: Value, g: Geometry): Value {
  const n = x.shape[0]!;
  const [kh, kw, c, o] = filter.shape as readonly [number, number, number, number];
  const taps = b.reshape(filter, [kh * kw, c, o]);
  const groups = tapGroups(g);
  const parts = groups.map((group) => {
    const shape = [n, group.positions.length, o];
    if (group.taps.length === 0) return b.splat(0, shape);
    const weights = b.reshape(chosen(b, taps, group.taps, 0), [group.taps.length * c, o]);
    return b.reshape(b.matMul(groupColumns(b, x, group), weights), shape);
  });
  return b.reshape(chosen(b, b.concat(parts, 1), placesOf(groups), 1), [n, ...g.outSize, o]);
}

/** Where each output position lies in the groups put one after the other. */
function placesOf(groups: readonly TapGroup[]): readonly number[] {
  const places: number[] = [];
  for (const [place, position] of groups.flatMap(({ positions }) => positions).entries()) places[position] = place;
  return places;
}

/** Gradient with respect to the filter, `[kh, kw, c, o]`: the groups' gradients, added tap by tap. */
export function filterGradientByTapGroups(b: Builder, x: Value, dy: Value, g: Geometry): Value {
  const [n, , , c] = x.shape as readonly [number, number, number, number];
  const o = dy.shape[3]!;
  const [kh, kw] = g.kernel;
  const groups = tapGroups(g).filter(({ taps }) => taps.length > 0);
  const gradients = b.reshape(dy, [n, g.outSize[0] * g.outSize[1], o]);
  const parts = groups.map((group) => {
    const arriving = b.reshape(chosen(b, gradients, group.positions, 1), [n * group.positions.length, o]);
    return b.reshape(productOverRows(b, groupColumns(b, x, group), arriving), [group.taps.length, c * o]);
  });
  // One row for each tap, ones where a group has it.
  const owners = groups.flatMap(({ taps }) => taps);
  const sums = new Float32Array(kh * kw * owners.length);
  owners.forEach((tap, place) => (sums[tap * owners.length + place] = 1));
  const total = b.matMul(b.constant(sums, [kh * kw, owners.length]), b.concat(parts, 0));
  return b.reshape(total, [kh, kw, c, o]);
}
