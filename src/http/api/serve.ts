import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { isLocal, type ListenAddress, listenAddress } from "../../config/listen.ts";
import type { StagingSettings } from "../../config/staging-settings.ts";
import { errorMessage, Failure } from "../../errors.ts";
import { overviewOf } from "../../regions/overview.ts";
import { pricesOf } from "../../regions/price-file.ts";
import type { Log } from "../../log/log.ts";
import { createHostGuard } from "../../staging/host-guard.ts";
import { openStager, type Stager } from "../../staging/stager.ts";
import { sweepRuns } from "../../staging/sweep-runs.ts";
import { stagingMetrics } from "../metrics/stagings.ts";
import { METRICS_TYPE, textOf } from "../metrics/text.ts";
import { bind, Refused } from "../server/bind.ts";
import { createApi } from "./app.ts";
import { createCounted } from "./counted.ts";
import { keepRegions, type RegionUpkeep } from "./region-upkeep.ts";
import { createService, type Service } from "./service.ts";
import { type HasToken, readToken } from "./token.ts";

/** The staging service while it runs. */
export interface StagingServer {
  /** Its address, such as `http://127.0.0.1:9470` or `unix:/run/x.sock`. */
  readonly url: string;
  /** Takes the token's file and the rate anew. @throws Failure CONFIG_INVALID */
  reload(settings: StagingSettings): void;
  /** Answers nobody any more, cancels what is under way and closes staging. */
  close(): Promise<void>;
}

/** Bytes of a request's first line and headers. */
const MOST_HEAD = 16 * 1024;
const MOST_CONNECTIONS = 1024;
const HEAD_MS = 10_000;
/** Time for a body of a megabyte, ms. An answer takes as long as its run. */
const REQUEST_MS = 60_000;
/** Time between two looks for runs whose time is over, ms. */
const SWEEP_MS = 60_000;

/**
 * Serves staging over HTTP: on a unix socket, whose group decides, or on host:port with a token.
 * @throws Failure CONFIG_INVALID, CACHE_UNUSABLE
 */
export async function serveStaging(settings: StagingSettings, log: Log): Promise<StagingServer> {
  const address = addressOf(settings);
  let hasToken = tokenOf(settings, address);
  const prices = pricesOf(settings);
  const counted = createCounted();
  const stager = await openStager(settings, {
    guard: createHostGuard(settings.hosts),
    onEvent(event) {
      counted.event(event);
      const { type, ...facts } = event;
      if (type === "staged") log.info(facts, "file is staged");
      else if (type === "failed") log.warn(facts, "file is not staged");
      else log.error(facts, "directory is left behind");
    },
  });
  const onError = (err: unknown) => log.error({ err }, "request could not be answered");
  const service = createService(stager, onError);
  const { documents } = stager.context.store;
  const upkeep = keepRegions(settings, { documents, log });
  const metrics = async () => {
    const { length: runs } = await service.list();
    const families = counted.families({ runs, runsAtWork: service.atWork() });
    const overview = await overviewOf(documents, settings, prices);
    const ofStagings = stagingMetrics(overview, upkeep.counts);
    return [await textOf([...families, ...ofStagings]), METRICS_TYPE] as const;
  };
  const app = createApi({ service, hasToken: () => hasToken, metrics, onError });
  const server = createServer(
    { maxHeaderSize: MOST_HEAD, headersTimeout: HEAD_MS, requestTimeout: REQUEST_MS },
    getRequestListener(app.fetch, { hostname: "localhost", overrideGlobalObjects: false }),
  );
  server.maxConnections = MOST_CONNECTIONS;
  const sweep = setInterval(() => void swept(stager, onError), SWEEP_MS).unref();
  try {
    const url = await bind(server, address);
    return {
      url,
      reload(now) {
        hasToken = tokenOf(now, address);
        stager.context.rate.change(now.bytesPerSecond);
      },
      close: () => closed({ server, service, stager, sweep, upkeep }),
    };
  } catch (error) {
    await closed({ server, service, stager, sweep, upkeep });
    if (error instanceof Refused)
      throw new Failure("CONFIG_INVALID", `staging.listen: ${errorMessage(error)}`);
    throw error;
  }
}

async function closed({
  server,
  service,
  stager,
  sweep,
  upkeep,
}: {
  readonly server: Server;
  readonly service: Service;
  readonly stager: Stager;
  readonly sweep: NodeJS.Timeout;
  readonly upkeep: RegionUpkeep;
}): Promise<void> {
  clearInterval(sweep);
  server.close();
  await service.close();
  server.closeAllConnections();
  await upkeep.close();
  await stager.close();
}

async function swept({ context }: Stager, onError: (error: unknown) => void): Promise<void> {
  await sweepRuns(context).catch(onError);
}

function addressOf({ listen, state }: StagingSettings): ListenAddress {
  const address = listenAddress(listen ?? `${state}/staging.sock`);
  if (address !== undefined) return address;
  const message = `staging.listen: ${state}/staging.sock is too long for a socket; choose another path`;
  throw new Failure("CONFIG_INVALID", message);
}

function tokenOf({ tokenFile }: StagingSettings, address: ListenAddress): HasToken | undefined {
  if (tokenFile !== undefined) return readToken(tokenFile);
  if ("path" in address) return undefined;
  const where = isLocal(address) ? "everybody on this machine" : "everybody";
  const message = `staging.listen: at host:port ${where} could have files fetched; set staging.tokenFile`;
  throw new Failure("CONFIG_INVALID", message);
}
