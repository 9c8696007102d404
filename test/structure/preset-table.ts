/** Tables of presets on the pages of methods. */
type Preset = Readonly<Record<string, unknown>>;

/** A value as a page writes it. */
export function written(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, item]) => `${name}: ${written(item)}`)
    .join(', ')} }`;
}

/** The table of presets by name: a line for each option, a column for each preset, empty where it says nothing. */
export function presetTable(presets: Readonly<Record<string, Preset>>): string {
  const names = Object.keys(presets);
  const options = [...new Set(names.flatMap((name) => Object.keys(presets[name]!)))];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['option', ...names.map((name) => `\`${name}\``)]),
    `|${['', ...names].map(() => '---').join('|')}|`,
    ...options.map((option) =>
      line([
        `\`${option}\``,
        ...names.map((name) => (option in presets[name]! ? `\`${written(presets[name]![option])}\`` : '')),
      ]),
    ),
  ].join('\n');
}
