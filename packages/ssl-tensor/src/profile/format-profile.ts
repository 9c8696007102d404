import { relative } from 'node:path';
import type { Profile, ProfileEntry } from './profile.js';

/** Rows of a table; the rest is summed up. */
const shown = 20;

function table(title: string, entries: readonly ProfileEntry[]): string {
  const rest = entries.slice(shown);
  const total = (key: 'milliseconds' | 'backward' | 'nodes' | 'megabytes'): number =>
    rest.reduce((sum, entry) => sum + entry[key], 0);
  const rows =
    rest.length === 0
      ? entries
      : [
          ...entries.slice(0, shown),
          {
            name: `${rest.length} more`,
            milliseconds: total('milliseconds'),
            backward: total('backward'),
            nodes: total('nodes'),
            megabytes: total('megabytes'),
          },
        ];
  const line = ({ name, milliseconds, backward, nodes, megabytes }: ProfileEntry): string =>
    `${milliseconds.toFixed(2).padStart(10)} ${backward.toFixed(2).padStart(10)} ${Math.round(nodes).toString().padStart(7)} ${megabytes.toFixed(1).padStart(9)}  ${name}`;
  return [`        ms   backward   nodes        MB  ${title}`, ...rows.map(line)].join('\n');
}

/** A profile as text; files are named from the working directory. */
export function formatProfile({ milliseconds, peakMegabytes, byOp, byLine }: Omit<Profile, 'toString'>): string {
  const near = byLine.map((entry) => ({
    ...entry,
    name: entry.name.startsWith('/') ? relative(process.cwd(), entry.name) : entry.name,
  }));
  return [
    `${milliseconds.toFixed(1)} ms a run, at most ${peakMegabytes.toFixed(0)} MB of results at once`,
    table('op', byOp),
    table('line', near),
  ].join('\n\n');
}
