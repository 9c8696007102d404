/** What spells words with pieces of a vocabulary. */
export interface WordModel {
  /**
   * Ids of a word's pieces.
   *
   * @param places takes start and end of each piece, in code units of the word
   */
  pieces(word: string, places?: number[]): number[];
}
