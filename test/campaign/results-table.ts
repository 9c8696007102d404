import type { KindResult } from './kind.js';

const columns = ['kind', 'cases', 'refused by type', 'same result', 'other result', 'failures', 'seconds', 'peak MB'];

/** The campaign's results as Markdown, a table for each group. */
export function resultsTable(results: readonly KindResult[]): string {
  const groups = [...new Set(results.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = results.filter((result) => result.group === group).map(row);
      return [
        `## ${group[0]!.toUpperCase()}${group.slice(1)}`,
        '',
        line(columns),
        line(columns.map(() => '---')),
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
}

function row(result: KindResult): string {
  const { kind, title, cases, refused, same, other, failures, seconds, peakMegabytes, missing } = result;
  const name = `\`${kind}\`: ${title}`;
  if (missing !== undefined) return line([`${name} (not played: ${missing})`, 0, '', '', '', '', '', '']);
  return line([name, cases, refused, same, other, failures.length, seconds.toFixed(1), peakMegabytes]);
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
