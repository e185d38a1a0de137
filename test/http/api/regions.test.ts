import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStaging } from "../../../src/config/load.ts";
import { until } from "../../helpers/workplace.ts";
import { whyNoRgw } from "../../helpers/rgw.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "../../regions/two-regions.ts";
import { startService } from "./serve.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no regions are looked after: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

const { signal } = new AbortController();

let here: TwoRegions;
beforeAll(async () => {
  if (whyNoRgw === undefined) here = await startTwoRegions();
});
afterAll(() => here?.[Symbol.asyncDispose]());

there(
  "the service removes stagings whose time is over, says what it cannot, and counts",
  async () => {
    const upload = async () => {
      const wanted = ["upload", await here.write("kept", "x"), "--regions", "east,west"];
      return (await here.json<{ staging_id: string }>(...wanted)).staging_id;
    };
    const [over, stays] = [await upload(), await upload()];
    for (const bucket of [here.east, here.west])
      await here.change(bucket, over, { expires_at: "2020-01-01T00:00:00.000Z" });
    const { regions, endpoints } = loadStaging({ config: here.config, env: {} });
    await using service = await startService({ regions, endpoints });
    await until(signal, async () => service.log.some((line) => line.includes("its time was over")));
    expect(await keysOf(here.east, over)).toEqual([]);
    expect((await keysOf(here.west, stays)).length).toBe(3);
    // The bucket of one region is not there.
    await until(signal, async () => service.log.some((line) => line.includes("no-such-bucket")));
    const metrics = (await service.ask("GET", "/metrics")).text;
    expect(metrics).toMatch(/^staging_sampler_stage_removed_stagings_total 1$/m);
    expect(metrics).toMatch(/^staging_sampler_stage_region_readable\{region="gone"\} 0$/m);
    expect(metrics).toMatch(/^staging_sampler_stage_region_readable\{region="east"\} 1$/m);
    expect(metrics).toMatch(/^staging_sampler_stage_region_problems_total [1-9]/m);
    expect(metrics).toMatch(/^staging_sampler_stage_cost\{currency="USD"\} \d/m);
  },
);
