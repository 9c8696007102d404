import { CheckpointError, SslError } from '@selfsup/ssl-tensor/host';
import { tokenizerFromJson } from '../tokenizer/load-tokenizer.js';
import type { SpecialTokens } from '../tokenizer/special-tokens.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { tokenizerLimits } from '../tokenizer/tokenizer-limits.js';

/**
 * The tokeniser that a file has in an entry of its metadata.
 *
 * @throws CheckpointError where there is none, or a damaged one
 */
export function describedTokenizer(
  metadata: Readonly<Record<string, string>>,
  entry: string,
  specialTokens: SpecialTokens,
  path: string,
): TextTokenizer {
  const text = metadata[entry];
  if (text === undefined) throw new CheckpointError(`has no tokeniser: its metadata lack '${entry}'`, { path });
  if (text.length > tokenizerLimits.fileBytes)
    throw new CheckpointError(`has a tokeniser of more than ${tokenizerLimits.fileBytes} characters`, { path });
  try {
    return tokenizerFromJson(text, { specialTokens });
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(`has a damaged tokeniser: ${cause.message}`, { path, cause });
  }
}
