import type { FeatureQueue } from '@selfsup/ssl-losses';
import { ShapeError } from '@selfsup/ssl-tensor/host';

/** @throws ShapeError unless the images of an update divide a queue, as methods demand that replace whole batches of it */
export function checkQueue(where: string, queue: FeatureQueue, images: number): void {
  const [size] = queue.features.shape;
  if (size % images === 0) return;
  const nearest = Math.max(1, Math.round(size / images)) * images;
  const advice = `Take queueSize: ${nearest}, and no last batch of what remains (dropLast)`;
  const expected = `of a number of images an update that divides queueSize ${size}`;
  throw new ShapeError(where, 'views', expected, `${images}`, advice);
}
