import * as tf from '@tensorflow/tfjs-core';

/**
 * Registers the gradient of tf.conv3dTranspose, which TF.js has none for. The op is linear in both operands and the
 * adjoint of a convolution: the gradient of what it spreads is that convolution, and the gradient of the filter is the
 * convolution's filter gradient with image and gradient exchanged.
 */
export function registerConv3dTransposeGradient(): void {
  tf.registerGradient({
    kernelName: tf.Conv3DBackpropInputV2,
    inputsToSave: ['dy', 'filter'],
    gradFunc: (upstream, saved, attributes) => {
      const [spread, filter] = saved as [tf.Tensor5D, tf.Tensor5D];
      const image = upstream as tf.Tensor5D;
      const { strides, pad } = attributes as unknown as Pick<tf.Conv3DBackpropInputV2Attrs, 'pad'> & {
        readonly strides: [number, number, number] | number;
      };
      return {
        dy: () => tf.conv3d(image, filter, strides, pad),
        filter: () =>
          tf
            .engine()
            .runKernel<tf.Tensor>(
              tf.Conv3DBackpropFilterV2,
              { x: image, dy: spread },
              { strides, pad, filterShape: filter.shape },
            ),
      };
    },
  });
}
