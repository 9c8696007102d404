import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import { ModelProtoSchema } from 'onnx-buf';
import { expect, it } from 'vitest';
import { exportOnnx } from '@selfsup/ssl-tensor';
import { loadRuntime, type Tensor } from '@selfsup/ssl-runtime';
import { exportedModels } from './models.js';

const { InferenceSession, Tensor: RuntimeTensor } = loadRuntime();

const feedsOf = (inputs: Readonly<Record<string, tf.Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [
      name,
      new RuntimeTensor(tensor.dtype as 'float32', tensor.dataSync() as Float32Array, tensor.shape),
    ]),
  );

it.each(Object.entries(exportedModels))(
  '%s: the file alone gives what the module gives, at three batch sizes, in standard ops',
  async (_, build) => {
    const { module, inputs, options } = build();
    const traced = 2;
    const file = await exportOnnx(module, [inputs(traced)], options);
    const model = fromBinary(ModelProtoSchema, file);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 20n]]);
    expect(new Set(model.graph!.node.map(({ domain }) => domain))).toEqual(new Set(['']));
    const weights = [...module.namedParameters().keys(), ...module.namedBuffers().keys()];
    const held = new Set(model.graph!.initializer.map(({ name }) => name));
    // Of a batch normalisation, the count of batches is no part of the forward pass.
    const missing = weights.filter((name) => !held.has(name) && !name.endsWith('num_batches_tracked'));
    expect(missing).toEqual([]);
    for (const { type } of [...model.graph!.input, ...model.graph!.output]) {
      const dim = type?.value.case === 'tensorType' ? type.value.value.shape?.dim[0]?.value : undefined;
      expect(dim).toEqual({ case: 'dimParam', value: 'batch' });
    }

    const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
    for (const batch of [traced, 1, 7]) {
      const given = inputs(batch);
      const expected = tf.tidy(() => module.forward(given as never) as tf.Tensor);
      const named = given instanceof tf.Tensor ? { images: given } : given;
      const results = await session.run(feedsOf(named));
      const result = results[options.outputNames![0]!]!;
      expect(result.dims).toEqual(expected.shape);
      const [ours, theirs] = [expected.dataSync(), result.data as Float32Array];
      let worst = 0;
      ours.forEach((value, index) => {
        worst = Math.max(worst, Math.abs(value - theirs[index]!) / Math.max(1, Math.abs(value)));
      });
      expect(worst).toBeLessThan(1e-5);
    }
    await session.release();
  },
);
