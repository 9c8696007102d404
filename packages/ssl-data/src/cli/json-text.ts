/**
 * Data as JSON for people and programs: what a terminal would obey stands in it as an escape of JSON, so that it reads
 * back as it was.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(/[\x7f-\x9f\p{Cf}\u2028\u2029]/gu, (character) =>
    Array.from(character.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}
