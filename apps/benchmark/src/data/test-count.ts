/** How many images of a class are kept for the test: a share, at least one, and one is left for training. */
export function testCount(images: number, share: number): number {
  return Math.min(images - 1, Math.max(1, Math.round(share * images)));
}
