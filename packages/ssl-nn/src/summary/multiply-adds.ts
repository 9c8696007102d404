import type { KernelCall } from '@selfsup/ssl-tensor';

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

/** Products of one forward kernel, each with its addition. */
type Count = (call: KernelCall) => number;

/** Output elements times what one is a sum of: the filter's axes but the last. */
const convolution: Count = ({ inputs, outputs }) => product(outputs[0]!) * product(inputs['filter']!.slice(0, -1));
/** Of a depthwise filter `[height, width, in, multiplier]`, the window. */
const depthwise: Count = ({ inputs, outputs }) => product(outputs[0]!) * product(inputs['filter']!.slice(0, 2));
/** A transposed convolution spreads each element over the window and the channels. */
const transposed: Count = ({ inputs }) => product(inputs['dy']!) * product(inputs['filter']!.slice(0, -1));
const transposedDepthwise: Count = ({ inputs }) => product(inputs['dy']!) * product(inputs['filter']!.slice(0, 2));
/** `[..., m, k]` and `[..., k, n]`, either of them transposed. */
const matrixProduct: Count = ({ inputs, outputs }) => {
  const rows = outputs[0]!.at(-2)!;
  return product(outputs[0]!) * (product(inputs['a']!.slice(-2)) / rows);
};
/** All indices of the equation. */
const einsum: Count = ({ inputs, attributes }) => {
  const terms = String(attributes['equation']).split('->')[0]!.replaceAll(' ', '').split(',');
  if (terms.length < 2) return 0;
  const sizes = new Map<string, number>();
  Object.values(inputs).forEach((shape, i) => shape.forEach((size, axis) => sizes.set(terms[i]![axis]!, size)));
  return product([...sizes.values()]);
};

const counts: Readonly<Record<string, Count>> = {
  Conv2D: convolution,
  FusedConv2D: convolution,
  Conv3D: convolution,
  Conv2DBackpropInput: transposed,
  Conv3DBackpropInputV2: transposed,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise,
  DepthwiseConv2dNativeBackpropInput: transposedDepthwise,
  BatchMatMul: matrixProduct,
  _FusedMatMul: matrixProduct,
  SslMatMulFloat16: matrixProduct,
  Einsum: einsum,
};

/**
 * Multiply-adds of a kernel of a forward pass: of convolutions and matrix products, 0 of all others. Biases, activations,
 * norms and pooling count nothing, as in the numbers that torchvision and timm publish.
 */
export const multiplyAddsOf = (call: KernelCall): number => counts[call.kernel]?.(call) ?? 0;
