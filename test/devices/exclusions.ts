import { chooseDevice, type DeviceChoice } from '../../packages/ssl-tensor/src/engine/choose-device.js';

/** Tests of the conformance suite that cannot hold on a device. They are reported as skipped, with the reason. */
interface Exclusion {
  readonly device: DeviceChoice['device'];
  /** Matches names of cases, or 'file > suite > test'. */
  readonly tests: RegExp;
  readonly reason: string;
}

/** The device that this run of the suite is for: that of `auto`, which SSL_TENSOR_DEVICE names. */
export const deviceUnderTest: DeviceChoice['device'] = chooseDevice().device;

const exclusions: readonly Exclusion[] = [
  {
    device: 'webgpu',
    tests:
      /special numbers|infinities|powers follow IEEE 754|softplus\.test\.ts > (has value and gradient to the last digits|gives NaN)/,
    reason: 'WGSL lets an adapter take NaN and infinities for absent',
  },
  {
    device: 'webgpu',
    tests: /least integer/,
    reason: 'beyond 2^31, conversions of floats to int32 are up to the adapter',
  },
  {
    device: 'webgpu',
    tests: /[fF]loat16/,
    reason: 'the software adapter has no half precision',
  },
  {
    device: 'webgpu',
    tests: /scatter-add\.test\.ts/,
    reason: 'the provider adds with atomics, in any order: sums differ in their last digits from run to run',
  },
  {
    device: 'tensorflow',
    tests:
      /(einsum|segment|image)\.test\.ts > .*(refuses|with(out)? an? |another number|three operands|where TF\.js|operands of)/,
    reason:
      'compile() refuses these while recording; here nothing is recorded, and TF.js takes them or refuses in its way',
  },
  {
    device: 'tensorflow',
    tests: /grad-cache\.test\.ts > holds the inner values/,
    reason: "measures the memory of a graph's plan; nothing is planned where ops run one by one",
  },
  {
    device: 'tensorflow',
    tests: /image-batch\.test\.ts > .*with (constant|reflect|nearest|wrap)/,
    reason: "tfjs-node has no such kernel, and TF.js's own is wrong for batches",
  },
  {
    device: 'tensorflow',
    tests: /^avgPool(3d)? .* same|^maxPool3d (of equal|\d,\d,\d by .* (same|valid))|^maxPool3d 2,3,2|^avgPool3d 3 by 1/,
    reason: "TensorFlow's gradient is right; TF.js divides by padding too, and misplaces maxima of unequal windows",
  },
  {
    device: 'tensorflow',
    tests: /3-D net trains/,
    reason: "it averages over padding, where TensorFlow's gradient is right and TF.js's is not",
  },
  {
    device: 'tensorflow',
    tests: /^conv3d (stride wider than the filter, |no window)|^(max|avg)Pool3d 1 by 4/,
    reason: 'TensorFlow places windows that are narrower than their stride elsewhere than TF.js',
  },
  {
    device: 'tensorflow',
    tests: /^tensorScatterUpdate/,
    reason: "TF.js's own kernel forgets the tensor that is updated",
  },
  {
    device: 'tensorflow',
    tests: /^(resize|cropAndResize|linspace of many)/,
    reason: 'TensorFlow computes places in float32, TF.js in float64: pixels at a border fall on the other side',
  },
  {
    device: 'tensorflow',
    tests: /^mod of special numbers|^dilation2d by 1 same dilated/,
    reason: 'remainders of infinities, and maxima over no pixel, are numbers of another kind',
  },
];

/** Why a test cannot hold on the device under test; undefined where it must. */
export function exclusionOf(name: string): string | undefined {
  return exclusions.find(({ device, tests }) => device === deviceUnderTest && tests.test(name))?.reason;
}
