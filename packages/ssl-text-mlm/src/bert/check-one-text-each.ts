import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from './bert-inputs.js';

/**
 * Refuses packed rows where one vector, or one score, is made of a row: it would be of all its texts together.
 *
 * @throws InvalidOptionError for inputs with `segments`
 */
export function checkOneTextEach(where: string, inputs: Pick<BertInputs, 'segments'>): void {
  if (inputs?.segments === undefined) return;
  const advice = 'Give each text a row of its own, as loaders do without packing: true';
  throw new InvalidOptionError(
    where,
    'inputs.segments',
    'left out, as what comes out is of a whole row, and a packed row has several texts',
    inputs.segments,
    advice,
  );
}
