/**
 * Measuring side by side: each variant in turn, round after round, so that what disturbs the machine disturbs all;
 * medians at the end. CPU time is that of the whole process: both ends of a connection live in it.
 */

/** One way to do a thing. */
export interface Variant {
  readonly name: string;
  /** Do it `count` times. */
  readonly run: (count: number) => Promise<void>;
}

/** How often. */
export interface Effort {
  readonly rounds: number;
  /** Operations of each variant in a round. */
  readonly count: number;
}

/** What one variant took. */
export interface Measurement {
  readonly name: string;
  /** Microseconds of CPU time per operation, user and system; median of the rounds. */
  readonly cpuUs: number;
  /** Microseconds of wall time per operation; median of the rounds. */
  readonly wallUs: number;
  /** Median over the rounds of this variant's time divided by the first variant's in the same round. */
  readonly cpuRatio: number;
  readonly wallRatio: number;
}

/**
 * Measure variants against the first one.
 * @returns one row per variant, in their order
 */
export async function interleave(
  variants: readonly Variant[],
  effort: Effort,
): Promise<readonly Measurement[]> {
  const samples = variants.map((): { cpuUs: number; wallUs: number }[] => []);
  // Round 0 warms up: it loads code, fills caches, opens connections.
  for (let round = 0; round <= effort.rounds; round++) {
    for (const index of order(variants.length, round)) {
      const variant = variants[index];
      if (variant === undefined) continue;
      const sample = await measure(variant, effort.count);
      if (round > 0) samples[index]?.push(sample);
    }
  }
  const base = samples[0] ?? [];
  return variants.map((variant, index) => {
    const own = samples[index] ?? [];
    return {
      name: variant.name,
      cpuUs: median(own.map(({ cpuUs }) => cpuUs)),
      wallUs: median(own.map(({ wallUs }) => wallUs)),
      cpuRatio: median(own.map(({ cpuUs }, round) => cpuUs / (base[round]?.cpuUs ?? cpuUs))),
      wallRatio: median(own.map(({ wallUs }, round) => wallUs / (base[round]?.wallUs ?? wallUs))),
    };
  });
}

/** Each round begins with another variant, so that none always runs in another's wake. */
function order(length: number, round: number): number[] {
  return Array.from({ length }, (_, index) => (index + round) % length);
}

async function measure(variant: Variant, count: number): Promise<{ cpuUs: number; wallUs: number }> {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  await variant.run(count);
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: (user + system) / count, wallUs: ((performance.now() - wall) * 1000) / count };
}

/** The middle value; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
