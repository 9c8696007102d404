import { RandomStream, randomKey } from '@selfsup/ssl-core';
import { expect, test } from 'vitest';
import { featureMap } from './feature-map.js';

test('keeps separate clusters apart and is the same for the same key', async () => {
  const random = new RandomStream(randomKey(3));
  const n = 60;
  const data = Float32Array.from(
    { length: n * 8 },
    (_, i) => (i % 8 === Math.floor(i / 8) % 3 ? 5 : 0) + random.normal(0, 0.2),
  );
  const features = { data, shape: [n, 8] };
  const points = await featureMap(features, randomKey(1));
  expect(points).toHaveLength(n);
  expect(await featureMap(features, randomKey(1))).toEqual(points);
  let right = 0;
  for (let i = 0; i < n; i++) {
    const distances = points.map(([x, y], j) =>
      i === j ? Infinity : Math.hypot(x - points[i]![0], y - points[i]![1]),
    );
    if (distances.indexOf(Math.min(...distances)) % 3 === i % 3) right++;
  }
  expect(right).toBe(n);
});

test.each([1, 2, 3])('of %i images is a map too', async (n) => {
  const data = Float32Array.from({ length: n * 8 }, (_, i) => Math.sin(i));
  const points = await featureMap({ data, shape: [n, 8] }, randomKey(1));
  expect(points).toHaveLength(n);
  expect(points.flat().every(Number.isFinite)).toBe(true);
});
