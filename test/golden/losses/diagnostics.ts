import { readGoldens, type CaseArray } from './cases.js';

interface Diagnostics {
  readonly features: readonly {
    readonly z: CaseArray;
    readonly singularValues: CaseArray;
    readonly effectiveRank: number;
    readonly rankMe: number;
    readonly spectrum?: CaseArray;
    readonly unitSpectrum?: CaseArray;
    readonly std?: number;
    readonly collapseLevel?: number;
    readonly range?: readonly [number, number];
    readonly alpha?: number;
  }[];
  readonly lidar: readonly { readonly z: CaseArray; readonly delta: number; readonly lidar: number }[];
}

/** Made by generate_diagnostics.py in float64. */
export const diagnostics = readGoldens<Diagnostics>('diagnostics.json');
