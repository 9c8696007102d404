import { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { toFloat64 } from '../graph/float64.js';
import { sizeOf } from '../graph/value.js';
import { input, type KernelAttributes, type KernelInputs, type RuleTable } from './rule.js';
import {
  addToPixels,
  clampedStarts,
  elementsUnder,
  firstMaximum,
  pixelsUnder,
  tapsOf,
  type Windows,
} from './windows.js';

function windowsOf(inputs: KernelInputs, { strides, pad, dilations }: KernelAttributes): Windows {
  const info = backend_util.computeDilation2DInfo(
    [...input(inputs, 'x').shape] as [number, number, number, number],
    [...input(inputs, 'filter').shape] as [number, number, number],
    strides as number,
    pad as never,
    'NHWC',
    dilations as number,
  );
  return {
    kernel: [info.filterHeight, info.filterWidth],
    stride: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
    inSize: [info.inHeight, info.inWidth],
    outSize: [info.outHeight, info.outWidth],
  };
}

/** Input plus filter under `taps`, `[n, windows, taps, c]`; -Infinity outside of the image. */
function sums(b: Builder, inputs: KernelInputs, w: Windows, taps: readonly number[]): Value {
  const filter = input(inputs, 'filter');
  const c = filter.shape[2]!;
  const weights = b.reshape(filter, [sizeOf(w.kernel), c]);
  const first = taps[0]!;
  const chosen = b.slice(weights, [first, 0], [first + taps.length, c]);
  return b.add(elementsUnder(b, input(inputs, 'x'), w, taps, -Infinity), chosen);
}

/** Grey-scale dilation, and its gradients: those of a window go to the first tap that attains its maximum. */
export const morphologyRules = {
  Dilation2D: (b, inputs, attributes) => {
    const w = windowsOf(inputs, attributes);
    const [n, c] = [input(inputs, 'x').shape[0]!, input(inputs, 'x').shape[3]!];
    const maximum = tapsOf(w)
      .map((tap) => sums(b, inputs, w, [tap]))
      // From where TF.js starts, which is what a window without a pixel keeps.
      .reduce((most, sum) => b.binary('Max', most, sum), b.scalar(Number.MIN_SAFE_INTEGER));
    return b.reshape(maximum, [n, ...w.outSize, c]);
  },
  Dilation2DBackpropInput: (b, inputs, attributes) => {
    const w = windowsOf(inputs, attributes);
    const chosen = firstMaximum(b, sums(b, inputs, w, tapsOf(w)));
    const taps = sizeOf(w.kernel);
    const starts = clampedStarts(w);
    // A window without a pixel passes its gradient to where it starts.
    const pixels = pixelsUnder(w).map((pixel, entry) =>
      pixel === sizeOf(w.inSize) ? starts[Math.floor(entry / taps)]! : pixel,
    );
    return addToPixels(b, input(inputs, 'dy'), chosen, pixels, w);
  },
  Dilation2DBackpropFilter: (b, inputs, attributes) => {
    const w = windowsOf(inputs, attributes);
    const chosen = firstMaximum(b, sums(b, inputs, w, tapsOf(w)));
    const [n, windows, c] = chosen.shape as readonly [number, number, number];
    const rows = [n * windows, c];
    const zeros = toFloat64(b, b.splat(0, [sizeOf(w.kernel), c]));
    const places = b.cast(b.reshape(chosen, rows), 'int64');
    const dy = toFloat64(b, b.reshape(input(inputs, 'dy'), rows));
    const added = b.op('ScatterElements', [zeros, places, dy], zeros.shape, zeros.type, { axis: 0, reduction: 'add' });
    return b.reshape(b.cast(added, 'float32'), [...w.kernel, c]);
  },
} satisfies RuleTable;
