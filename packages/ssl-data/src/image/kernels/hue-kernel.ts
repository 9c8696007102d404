import { channelOf, interleave } from './color-kernels.js';
import { type Code, f32x4, f64x2, i32, i32x4, v128 } from './wasm-code.js';
import { wasmFunction } from './wasm-module.js';

const integers = (value: number): Code => i32x4.splat(i32.const(value));
const swapped = (vector: Code): Code =>
  v128.shuffle([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7], vector, vector);
/** Results of both halves, each in the lower two of its four lanes. */
const joined = (lower: Code, upper: Code): Code =>
  v128.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23], lower, upper);

/**
 * Turns the hue of pixels of three bytes by `shift` of 256. Single precision where Pillow has it, double where it has
 * that, so that the result is the same bit for bit. Reads and writes up to 13 bytes too many.
 *
 * Source: Pillow's `Convert.c` (`rgb2hsv`, `hsv2rgb`).
 */
export const turnHue = wasmFunction(
  'turnHue',
  ['i32', 'i32', 'i32', 'i32'],
  ([source, out, length, shift], { local, repeat }) => {
    const [end, pixels] = [local('i32'), local('v128')];
    const [red, green, blue, value, range] = [
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
    ];
    const [isRed, isGreen, ahead, behind, base] = [
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
    ];
    const [saturation, hue, sextant, rest, share, p, q, t] = [
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
    ];
    const byLargest = (ofRed: Code, ofGreen: Code, ofBlue: Code): Code =>
      v128.bitselect(ofRed, v128.bitselect(ofGreen, ofBlue, isGreen.get), isRed.get);
    const below = (channel: Code): Code =>
      f32x4.div(f32x4.convertI32x4s(i32x4.sub(value.get, channel)), f32x4.convertI32x4s(range.get));
    /** Applies a function of two lanes to the lower and the upper half of its operands. */
    const halves = (of: (...operands: readonly Code[]) => Code, ...operands: readonly Code[]): Code =>
      joined(of(...operands), of(...operands.map(swapped)));

    const hueOf = (base2: Code, ahead2: Code, behind2: Code): Code => {
      const sum = f64x2.sub(
        f64x2.add(f64x2.convertLowI32x4s(base2), f64x2.promoteLowF32x4(ahead2)),
        f64x2.promoteLowF32x4(behind2),
      );
      const sector = f64x2.promoteLowF32x4(f32x4.demoteF64x2Zero(sum));
      // Adds one where negative and leaves what is not negative but for the rounding of adding and taking away one.
      const turned = f64x2.add(f64x2.div(sector, f64x2.const(6)), f64x2.const(1));
      const full = v128.and(f64x2.greaterOrEqual(turned, f64x2.const(1)), f64x2.const(1));
      const part = f64x2.promoteLowF32x4(f32x4.demoteF64x2Zero(f64x2.sub(turned, full)));
      return i32x4.truncSatF64x2sZero(f64x2.mul(part, f64x2.const(255)));
    };
    const times255 = (part: Code): Code =>
      i32x4.truncSatF64x2sZero(f64x2.mul(f64x2.promoteLowF32x4(part), f64x2.const(255)));
    const sixths = (hue2: Code): Code =>
      f64x2.div(f64x2.mul(f64x2.convertLowI32x4s(hue2), f64x2.const(6)), f64x2.const(255));
    const restOf = (hue2: Code): Code => f32x4.demoteF64x2Zero(f64x2.sub(sixths(hue2), f64x2.floor(sixths(hue2))));
    /** `value (1 - share part) + 0.5`, truncated. */
    const faded =
      (part: (rest: Code) => Code | undefined) =>
      (value2: Code, share2: Code, rest2: Code): Code => {
        const full = f64x2.promoteLowF32x4(share2);
        const of = part(f64x2.promoteLowF32x4(rest2));
        const kept = f64x2.sub(f64x2.const(1), of === undefined ? full : f64x2.mul(full, of));
        return i32x4.truncSatF64x2sZero(f64x2.add(f64x2.mul(f64x2.convertLowI32x4s(value2), kept), f64x2.const(0.5)));
      };
    const sextants = (first: Code, ...others: readonly (readonly [at: number, chosen: Code])[]): Code =>
      others.reduce<Code>(
        (otherwise, [at, chosen]) => v128.bitselect(chosen, otherwise, i32x4.equal(sextant.get, integers(at))),
        first,
      );
    /** Pixels without colour stay grey. */
    const colored = (chosen: Code): Code => v128.bitselect(value.get, chosen, i32x4.equal(saturation.get, integers(0)));

    const block = [
      ...pixels.set(v128.load(source.get)),
      ...red.set(channelOf(pixels.get, 0)),
      ...green.set(channelOf(pixels.get, 1)),
      ...blue.set(channelOf(pixels.get, 2)),
      ...value.set(i32x4.maxS(red.get, i32x4.maxS(green.get, blue.get))),
      ...range.set(i32x4.sub(value.get, i32x4.minS(red.get, i32x4.minS(green.get, blue.get)))),
      ...isRed.set(i32x4.equal(red.get, value.get)),
      ...isGreen.set(i32x4.equal(green.get, value.get)),
      ...ahead.set(below(byLargest(blue.get, red.get, green.get))),
      ...behind.set(below(byLargest(green.get, blue.get, red.get))),
      ...base.set(byLargest(integers(0), integers(2), integers(4))),
      // No colour: 0 / 0 is no number, which becomes 0.
      ...saturation.set(halves(times255, f32x4.div(f32x4.convertI32x4s(range.get), f32x4.convertI32x4s(value.get)))),
      ...hue.set(
        v128.and(i32x4.add(halves(hueOf, base.get, ahead.get, behind.get), i32x4.splat(shift.get)), integers(255)),
      ),
      ...sextant.set(halves((hue2) => i32x4.truncSatF64x2sZero(sixths(hue2)), hue.get)),
      ...rest.set(halves(restOf, hue.get)),
      ...share.set(f32x4.div(f32x4.convertI32x4s(saturation.get), f32x4.const(255))),
      ...p.set(
        halves(
          faded(() => undefined),
          value.get,
          share.get,
          rest.get,
        ),
      ),
      ...q.set(
        halves(
          faded((part) => part),
          value.get,
          share.get,
          rest.get,
        ),
      ),
      ...t.set(
        halves(
          faded((part) => f64x2.sub(f64x2.const(1), part)),
          value.get,
          share.get,
          rest.get,
        ),
      ),
      ...v128.store(
        out.get,
        interleave(
          colored(sextants(value.get, [1, q.get], [2, p.get], [3, p.get], [4, t.get])),
          colored(sextants(p.get, [0, t.get], [6, t.get], [1, value.get], [2, value.get], [3, q.get])),
          colored(sextants(p.get, [2, t.get], [3, value.get], [4, value.get], [5, q.get])),
        ),
      ),
      ...source.grow(i32.const(12)),
      ...out.grow(i32.const(12)),
    ];
    return [...end.set(i32.add(source.get, length.get)), ...repeat(block, i32.lessUnsigned(source.get, end.get))];
  },
);
