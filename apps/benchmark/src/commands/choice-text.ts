import type { MethodAdvice, MethodChoice } from '@selfsup/ssl-vision';

/** Columns of the table: the second and the others are numbers. */
const header = ['method', 'score', 'minutes', 'memory', 'batch', 'epochs'];

const cellsOf = ({ method, score, minutes, memory, options }: MethodAdvice): readonly string[] => [
  method,
  String(score),
  minutes === undefined ? '' : minutes.toFixed(minutes < 10 ? 1 : 0),
  memory === undefined ? '' : `${(memory / 1e9).toFixed(1)} GB`,
  String(options.batchSize ?? ''),
  String(options.epochs ?? ''),
];

/** Methods in a table, then why each stands where it stands, and which cannot be. */
export function choiceText({ ranked, excluded }: MethodChoice, top: number): string {
  const best = ranked.slice(0, top);
  const rows = [header, ...best.map(cellsOf)];
  // What no row has is not shown.
  const columns = header.map((_, column) => column).filter((column) => rows.slice(1).some((row) => row[column] !== ''));
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) =>
    columns
      .map((column) => (column === 0 ? row[0]!.padEnd(widths[0]!) : row[column]!.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  const why = best.flatMap(({ method, reasons }) => [
    '',
    `${method}:`,
    ...reasons.map(
      ({ points, basis, text }) => `  ${`${points > 0 ? '+' : ''}${points}`.padStart(4)}  ${basis}: ${text}`,
    ),
  ]);
  const without = excluded.map(({ method, why: reason }) => `  ${method}: ${reason}`);
  return `${[
    ...table,
    ...why,
    '',
    ...(without.length === 0 ? [] : ['Not for this:', ...without, '']),
    'measured: figures of bench/results/methods.json. facts: papers and arithmetic, not measured here.',
    `Of ${ranked.length} methods ${best.length} are shown. What is empty pretrain chooses. Take the first:`,
    `  pretrain({ data: 'photos', out: 'runs/photos', ${optionsText(best[0]!)} })`,
  ].join('\n')}\n`;
}

const optionsText = ({ options }: MethodAdvice): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : String(value)}`)
    .join(', ');
