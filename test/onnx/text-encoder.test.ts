import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { expect, it } from 'vitest';
import { randomKey } from '@selfsup/ssl-core';
import { loadRuntime, type Tensor as RuntimeTensor } from '@selfsup/ssl-runtime';
import {
  bertConfig,
  bertConfigToJson,
  BertForMaskedLM,
  bertSpecialTokens,
  LoadedTextEncoder,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';

const { InferenceSession, Tensor } = loadRuntime();
const lines = ['a cat eats fish', 'a dog chews a bone', 'birds pick seeds', ''];
const maxLength = 24;

it('a text encoder is ONNX of int64 ids, of any batch, padded to a length, and describes itself', async () => {
  const tokenizer = await trainWordPiece({ lines, vocabSize: 90 });
  const sizes = { hiddenSize: 8, numHiddenLayers: 2, numAttentionHeads: 2, intermediateSize: 16 };
  const config = bertConfig({
    ...sizes,
    vocabSize: tokenizer.vocabSize,
    maxPositionEmbeddings: maxLength,
    initializerRange: 0.3,
  });
  const encoder = new LoadedTextEncoder(new BertForMaskedLM(config, { key: randomKey(3) }), tokenizer, {
    format: 1,
    config: bertConfigToJson(config, 'BertForMaskedLM') as never,
    specialTokens: bertSpecialTokens,
    maxLength,
    pooling: 'mean',
    method: { name: 'masked-language-modelling', settings: {} },
    training: {},
    versions: {},
  });
  const folder = mkdtempSync(join(tmpdir(), 'ssl-text-onnx-'));
  const path = join(folder, 'encoder.onnx');
  for (const length of [undefined, 16]) {
    await encoder.exportOnnx(path, length === undefined ? {} : { length });
    const model = fromBinary(ModelProtoSchema, readFileSync(path));
    expect(model.metadataProps.map(({ key }) => key)).toEqual([
      'selfsup.text-encoder',
      'selfsup.text-encoder.tokenizer',
    ]);
    expect(model.graph!.initializer.map(({ name }) => name)).toContain('bert.encoder.layer.1.output.dense.weight');
    const session = await InferenceSession.create(readFileSync(path), { logSeverityLevel: 3 });
    for (const texts of [lines, lines.slice(1, 2)]) {
      const padding = { padding: 'maxLength', maxLength: length ?? maxLength } as const;
      const { inputIds, attentionMask } = tokenizer.encodeBatch(texts, padding);
      const int64 = ({ data, shape }: typeof inputIds): RuntimeTensor =>
        new Tensor('int64', BigInt64Array.from(data, BigInt), shape);
      const feeds = { input_ids: int64(inputIds), attention_mask: int64(attentionMask) };
      const { features } = await session.run(feeds);
      const expected = await encoder.embed(texts);
      expect(features!.dims).toEqual(expected.shape);
      (features!.data as Float32Array).forEach((value, at) => expect(value).toBeCloseTo(expected.data[at]!, 5));
    }
    await session.release();
  }
  await expect(encoder.exportOnnx(path, { length: 25 })).rejects.toThrow('an integer in [3, 24]');
  encoder.dispose();
  rmSync(folder, { recursive: true });
});
