import { sameValues, type StateEntries } from '@selfsup/ssl-nn';
import { CheckpointError } from '@selfsup/ssl-tensor/host';

/**
 * A file whose output matrix is not the word embedding does not fit a model that ties the two.
 *
 * @param words name of the word embedding
 * @param decoder name of the output matrix
 * @throws CheckpointError where both are there and differ
 */
export function checkTiedDecoder(state: StateEntries, words: string, decoder: string): void {
  const [embedding, matrix] = [state.get(words), state.get(decoder)];
  if (embedding === undefined || matrix === undefined || sameValues(embedding, matrix)) return;
  const name = state.fullName(decoder);
  throw new CheckpointError(
    `'${name}' differs from '${state.fullName(words)}', so the head of this file is not tied; build the model with the configuration's tieWordEmbeddings: false to compute with both, or delete '${name}' from the state dict to use the embedding for both`,
    { parameter: name },
  );
}
