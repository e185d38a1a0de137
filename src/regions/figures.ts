import type { Estimate, Part, StagingPlan } from "./estimate.ts";

/** An amount of money, and how it comes about. */
export interface Figure {
  /** In the currency of the prices, to four places. */
  readonly amount: number;
  /** The formula, with the numbers in it. */
  readonly formula: string;
}

/** The figures of an estimate. */
export interface Figures {
  readonly replication: Figure;
  readonly storage: Figure;
  readonly staging: Figure;
  readonly direct: Figure;
  readonly saving: Figure;
  /** To one place; null where direct downloads cost nothing. */
  readonly savingPercent: number | null;
  readonly breakEvenReaders: number | null;
}

/** Makes an estimate readable: rounded, and with formulas. */
export function figuresOf(plan: StagingPlan, estimate: Estimate): Figures {
  const { dataSizeGb, instances, days } = plan;
  const { replication, storage, staged, direct, saving, savingPercent, breakEvenReaders } =
    estimate;
  const size = `${dataSizeGb} GB`;
  return {
    replication: figure(replication.cost, `${size} × ${sumOf(replication)}`),
    storage: figure(storage.cost, `${size} × ${sumOf(storage)} × ${days}/30`),
    staging: figure(staged, "replication + storage"),
    direct: figure(direct.cost, `${size} × ${instances} × ${sumOf(direct)}`),
    saving: figure(saving, "direct - staging"),
    savingPercent: savingPercent === undefined ? null : rounded(savingPercent, 1),
    breakEvenReaders: breakEvenReaders ?? null,
  };
}

/** Says whether to stage, and why. */
export function recommendationOf(estimate: Estimate): string {
  const { pays, direct, savingPercent = 0, breakEvenReaders } = estimate;
  const percent = rounded(Math.abs(savingPercent), 1);
  if (pays) return `stage it: saves ${percent} %`;
  if (direct.shares.length === 0)
    return "do not stage: readers in the region of the data read it for nothing";
  if (breakEvenReaders === undefined) return "do not stage: reading it directly costs nothing";
  const costs = `costs ${percent} % more than reading it directly`;
  return `do not stage: it ${costs}, and pays from ${breakEvenReaders} readers a region on`;
}

/** Rounds an amount, to four places. */
export function figure(amount: number, formula: string): Figure {
  return { amount: rounded(amount, 4), formula };
}

/** `(us-west-2 0.02 + eu-west-1 0.02)`. */
function sumOf({ shares }: Part): string {
  if (shares.length === 0) return "0";
  return `(${shares.map(({ region, perGb }) => `${region} ${perGb}`).join(" + ")})`;
}

/** Rounds to some places; what becomes 0 has no sign. */
function rounded(value: number, places: number): number {
  return Math.round(value * 10 ** places) / 10 ** places + 0;
}
