/** A character of a changed text, and how many characters of the text before it stands for. */
export interface ChangedCharacter {
  text: string;
  /** 0: for the next one; 1: for none, it is put in; -n: for the next one and n more. */
  change: number;
}

/** The code units of a text from `start` to before `end`. */
export interface RebuiltPart {
  readonly start: number;
  readonly end: number;
  /** What stands for them, all of it from where they are; undefined: they stay as they are. */
  readonly text?: string;
}

/**
 * A text on its way from what was given to words, which knows of each code unit the place that it comes from. Where nobody
 * asks for places, none are kept.
 */
export class AlignedText {
  readonly text: string;
  /** Whether places are kept. */
  readonly aligned: boolean;
  /** Whether it begins where the text that was given does. */
  readonly isFirst: boolean;
  /** Place of the first code unit where the text is as it was given. */
  readonly #base: number;
  /** Of each code unit, where what it comes from begins and ends; undefined where the text is as it was given. */
  readonly #starts: Int32Array | undefined;
  readonly #ends: Int32Array | undefined;

  private constructor(
    text: string,
    aligned: boolean,
    isFirst: boolean,
    base: number,
    starts?: Int32Array,
    ends?: Int32Array,
  ) {
    this.text = text;
    this.aligned = aligned;
    this.isFirst = isFirst;
    this.#base = base;
    this.#starts = starts;
    this.#ends = ends;
  }

  /** A text as it was given, or without places. */
  static of(text: string, aligned: boolean): AlignedText {
    return new AlignedText(text, aligned, true, 0);
  }

  /** The code units from `start` to before `end`. */
  slice(start: number, end: number): AlignedText {
    if (start === 0 && end === this.text.length) return this;
    const text = this.text.slice(start, end);
    const isFirst = this.isFirst && start === 0;
    if (this.#starts === undefined) return new AlignedText(text, this.aligned, isFirst, this.#base + start);
    return new AlignedText(text, true, isFirst, 0, this.#starts.subarray(start, end), this.#ends!.subarray(start, end));
  }

  /** Where what a code unit comes from begins. */
  startOf(unit: number): number {
    return this.#starts === undefined ? this.#base + unit : this.#starts[unit]!;
  }

  /** Where what a code unit comes from ends. */
  endOf(unit: number): number {
    return this.#ends === undefined ? this.#base + unit + 1 : this.#ends[unit]!;
  }

  /** Another text without places, for where none are kept. */
  withText(text: string): AlignedText {
    return new AlignedText(text, false, this.isFirst, 0);
  }

  /** Another text made of parts of this one, as they are or as other texts. */
  rebuilt(parts: readonly RebuiltPart[]): AlignedText {
    const text = parts.map((part) => part.text ?? this.text.slice(part.start, part.end)).join('');
    if (!this.aligned) return this.withText(text);
    const starts = new Int32Array(text.length);
    const ends = new Int32Array(text.length);
    let at = 0;
    for (const { text: part, start, end } of parts) {
      if (part === undefined) {
        for (let unit = start; unit < end; unit++, at++) {
          starts[at] = this.startOf(unit);
          ends[at] = this.endOf(unit);
        }
        continue;
      }
      starts.fill(this.startOf(start), at, at + part.length);
      ends.fill(this.endOf(end - 1), at, at + part.length);
      at += part.length;
    }
    return new AlignedText(text, true, this.isFirst, 0, starts, ends);
  }

  /** Each character replaced by a text, which comes from where the character comes from. */
  mapCharacters(map: (character: string) => string): AlignedText {
    const parts: { text: string; start: number; end: number }[] = [];
    let at = 0;
    for (const character of this.text) {
      parts.push({ text: map(character), start: at, end: at + character.length });
      at += character.length;
    }
    return this.rebuilt(parts);
  }

  /**
   * The text changed character by character: one that is put in comes from where the last one comes from that was passed.
   *
   * Source: `NormalizedString::transform` of Hugging Face `tokenizers`.
   */
  transformed(characters: readonly ChangedCharacter[]): AlignedText {
    const lengths = Array.from(this.text, (character) => character.length);
    const parts: { text: string; start: number; end: number }[] = [];
    let passed = 0;
    let at = 0;
    for (const { text, change } of characters) {
      // What begins the text, or goes beyond it, comes from its first or last character.
      const which = Math.min(lengths.length - 1, change > 0 ? Math.max(0, passed - 1) : passed);
      const start = which < passed ? at - lengths[which]! : at;
      parts.push({ text, start, end: start + lengths[which]! });
      if (change > 0) continue;
      for (let left = 1 - change; left > 0 && passed < lengths.length; left--) at += lengths[passed++]!;
    }
    return this.rebuilt(parts);
  }

  /** With a text before it, which comes from where its first character comes from; an empty text stays empty. */
  prepended(before: string): AlignedText {
    if (this.text === '') return this;
    if (!this.aligned) return this.withText(before + this.text);
    const width = String.fromCodePoint(this.text.codePointAt(0)!).length;
    return this.rebuilt([
      { text: before + this.text.slice(0, width), start: 0, end: width },
      { start: width, end: this.text.length },
    ]);
  }
}
