import { setImmediate as turn } from 'node:timers/promises';
import { foldIn, type NdArray, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import { UMAP } from 'umap-js';
import { pca } from './pca.js';
import type { MapPoints } from './results.js';

const components = 30;
const neighbours = 15;
const epochs = 300;

/**
 * Places features on a plane: unit length, PCA, then UMAP. The same features and key give the same map.
 *
 * @param features `[n, d]`
 * @param onProgress share that is done
 * @returns n points
 * Source: McInnes et al. 2018 (arXiv 1802.03426).
 */
export async function featureMap(
  features: NdArray<Float32Array>,
  key: RandomKey,
  onProgress?: (share: number) => void,
): Promise<MapPoints> {
  // One point has no neighbour to be near to.
  if (features.shape[0]! < 2) return Array.from({ length: features.shape[0]! }, () => [0, 0]);
  const rows = pca(unitRows(features), components, foldIn(key, 'pca'));
  const random = new RandomStream(foldIn(key, 'umap'));
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(neighbours, rows.length - 1),
    minDist: 0.1,
    nEpochs: epochs,
    random: () => random.uniform(),
  });
  const total = umap.initializeFit(rows);
  for (let epoch = 0; epoch < total; epoch++) {
    umap.step();
    if (epoch % 10 === 9) {
      onProgress?.((epoch + 1) / total);
      // Lets Ctrl-C through.
      await turn();
    }
  }
  return umap.getEmbedding().map(([x, y]) => [round(x!), round(y!)]);
}

function unitRows({ data, shape }: NdArray<Float32Array>): NdArray<Float32Array> {
  const d = shape[1]!;
  const unit = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += d) {
    let squares = 0;
    for (let i = start; i < start + d; i++) squares += data[i]! ** 2;
    const scale = 1 / Math.max(Math.sqrt(squares), 1e-12);
    for (let i = start; i < start + d; i++) unit[i] = data[i]! * scale;
  }
  return { data: unit, shape };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
