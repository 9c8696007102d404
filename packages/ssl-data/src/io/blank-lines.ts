import { hasText } from './parse-json-line.js';
import { type LinePlace, lineError } from './read-lines.js';

/** No table has more between two rows; a small archive unfolds to billions of them. */
const most = 1_000_000;

/** Tells blank lines, which are passed over as long as they are few. */
export class BlankLines {
  #inARow = 0;

  /**
   * @returns whether the line is blank
   * @throws DataError for the millionth blank line in a row
   */
  has(bytes: Uint8Array, place: LinePlace): boolean {
    if (hasText(bytes)) {
      this.#inARow = 0;
      return false;
    }
    if (++this.#inARow === most) throw lineError(place, `is blank as the ${most} before it; remove blank lines`);
    return true;
  }
}
