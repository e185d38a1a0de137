import { hostname } from "node:os";
import { readMetadata } from "./instance-metadata.ts";

/** This machine, as far as a staging is concerned. */
export interface Machine {
  /** Undefined where nothing says it. */
  readonly region: string | undefined;
  /** The source that says the region, or the reason why none does. */
  readonly saidBy: string;
  /** Tells it from other machines: the instance's id where that was asked for, else the host's name. */
  readonly instance: string;
}

/** Sources that may say in which region a machine is. */
export interface Whereabouts {
  /** The region that a person names. */
  readonly named?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The region in the configuration. */
  readonly configured: string | undefined;
}

/**
 * Finds out in which region this machine is: as a person says, else the environment, else the instance
 * metadata service, else the configuration. Nobody is asked who comes after one that says it.
 * @throws as `readMetadata`
 */
export async function findMachine(
  { named, env, configured }: Whereabouts,
  signal: AbortSignal,
): Promise<Machine> {
  const instance = hostname();
  if (named !== undefined) return { region: named, saidBy: "--region", instance };
  for (const saidBy of ["AWS_REGION", "AWS_DEFAULT_REGION"]) {
    const region = env[saidBy];
    if (region !== undefined && region !== "") return { region, saidBy, instance };
  }
  const metadata = await readMetadata(env, signal);
  if ("region" in metadata) return { ...metadata, saidBy: "instance metadata" };
  return configured === undefined
    ? { region: undefined, saidBy: `no instance metadata: ${metadata.reason}`, instance }
    : { region: configured, saidBy: "staging.region", instance };
}
