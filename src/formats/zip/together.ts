import { leadsToEach, shapefileOf, shapeFormats } from "../shapefile/parts.ts";
import type { SampleRequest } from "../types.ts";
import { type SampledZipMember, sampleZipMember } from "./member.ts";
import type { OpenZip, ZipEntry } from "./reader.ts";

/** The reason why shapes of a shapefile are left out. */
const OWN_ORDER = "listed only: its index does not lead to its first shapes";

/** An entry, and its sample if it has one. */
interface Sampled {
  readonly entry: ZipEntry;
  readonly member: SampledZipMember | undefined;
  readonly warnings: readonly string[];
}

/**
 * Groups entries that are of use only together, the files of one shapefile, in the order of the
 * first one of each group; others are alone, and so is one more of the same name.
 */
export function groupsOf(entries: readonly ZipEntry[]): readonly (readonly ZipEntry[])[] {
  const shapes = entries.filter(({ name }) => /\.shp$/i.test(name));
  const shapefiles = new Set(shapes.map(({ name }) => shapefileOf(name)));
  const groups: ZipEntry[][] = [];
  const byName = new Map<string, ZipEntry[]>();
  const seen = new Set<string>();
  for (const entry of entries) {
    const name = shapefileOf(entry.name);
    const own = entry.name.toLowerCase();
    const isPart = name !== undefined && shapefiles.has(name) && !seen.has(own);
    seen.add(own);
    const group = (isPart ? byName.get(name) : undefined) ?? [];
    if (group.push(entry) > 1) continue;
    groups.push(group);
    if (isPart) byName.set(name, group);
  }
  return groups;
}

/**
 * The samples of entries that belong together: the files of a shapefile have the same records. Those
 * that can only be listed are left out, with a warning.
 * @throws what is not the file's fault
 */
export async function sampleGroup(
  request: SampleRequest,
  archive: OpenZip,
  entries: readonly ZipEntry[],
  warnings: string[],
): Promise<readonly SampledZipMember[]> {
  const { limits } = request;
  const sampled: Sampled[] = [];
  for (const entry of entries) sampled.push(await sample(entry, limits.rows));
  const fewest = Math.min(...sampled.map(({ member }) => shapesIn(member) ?? Infinity));
  for (const [i, { entry, member }] of sampled.entries()) {
    if ((shapesIn(member) ?? 0) > fewest) sampled[i] = await sample(entry, fewest);
  }
  warnings.push(...sampled.flatMap((one) => one.warnings));
  const members = sampled.flatMap(({ member }) => member ?? []);
  if (hasOwnOrder(members)) {
    warnings.push(`${entries[0]?.name}: ${OWN_ORDER}`);
    return members.filter(({ format }) => format !== "shp" && format !== "shx");
  }
  return members;

  async function sample(entry: ZipEntry, rows: number): Promise<Sampled> {
    const own: string[] = [];
    const inner = { ...request, limits: { ...limits, rows } };
    return { entry, warnings: own, member: await sampleZipMember(inner, archive, entry, own) };
  }
}

/** The number of records of a member that has one for each shape. */
function shapesIn(member: SampledZipMember | undefined): number | undefined {
  return member !== undefined && shapeFormats.has(member.format) ? member.rows : undefined;
}

/** True where an index leads to other records than the first ones: those of a table would not fit. */
function hasOwnOrder(members: readonly SampledZipMember[]): boolean {
  const [shapes, index] = ["shp", "shx"].map((name) =>
    members.find(({ format }) => format === name),
  );
  return shapes !== undefined && index !== undefined && !leadsToEach(index.bytes, shapes.bytes);
}
