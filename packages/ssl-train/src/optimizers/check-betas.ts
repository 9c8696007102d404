import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Throws InvalidOptionError unless `betas` is a pair of numbers in [0, 1). */
export function checkBetas(where: string, betas: unknown): void {
  // A number, and a third, come from JavaScript.
  if (!Array.isArray(betas) || betas.length !== 2)
    throw new InvalidOptionError(where, 'betas', 'a pair, such as [0.9, 0.999]', betas);
  betas.forEach((beta: unknown, index) => {
    if (!(typeof beta === 'number' && beta >= 0 && beta < 1))
      throw new InvalidOptionError(where, `betas[${index}]`, 'in [0, 1)', beta);
  });
}
