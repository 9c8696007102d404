import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as vision from '@selfsup/ssl-vision';
import * as multimodal from '@selfsup/ssl-multimodal';
import { presetTable } from './test/structure/preset-table.js';
const all: any = { ...vision, ...multimodal };
for (const f of readdirSync('docs/methods')) {
  const p = 'docs/methods/' + f;
  writeFileSync(p, readFileSync(p, 'utf8').replace(/\{\{presets (.*?)\}\}/g, (_: string, names: string) => {
    const list = names.split(' ');
    for (const n of list) if (!all[n]) throw new Error(n);
    const key = (n: string) => n.replace(/(V1)?(Defaults|Small|Dense)$/, '');
    const groups = [...new Set(list.map(key))].map((k) => list.filter((n) => key(n) === k));
    return groups.map((g) => presetTable(Object.fromEntries(g.map((n) => [n, all[n]])))).join('\n\n');
  }));
}
