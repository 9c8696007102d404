import type { ModuleSummary } from './module-summary.js';

const thousands = (value: number): string => String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');

/** A table of the model and its modules down to `depth` levels, numbers to the right. */
export function formatSummary(rows: readonly ModuleSummary[], depth: number): string {
  const levels = ({ name }: ModuleSummary): number => (name === '' ? 0 : name.split('.').length);
  const shown = rows.filter((row) => levels(row) <= depth);
  const lines = [
    ['module', 'kind', 'output', 'parameters', 'multiply-adds'],
    ...shown.map(({ name, kind, output, parameters, multiplyAdds }) => [
      name === '' ? '(all)' : name,
      kind,
      output === undefined ? '' : `[${output.join(', ')}]`,
      thousands(parameters),
      thousands(multiplyAdds),
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
