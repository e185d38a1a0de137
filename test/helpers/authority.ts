import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Key and certificate, PEM. */
export interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** An authority of one's own, and what it vouches for. */
export interface Authority {
  /** Its certificate, PEM. */
  readonly ca: string;
  /** For `localhost`. */
  readonly right: Pair;
  /** For another name. */
  readonly elsewhere: Pair;
  /** For `localhost`, years ago. */
  readonly over: Pair;
}

/** Makes one; undefined where the program `openssl` is missing. */
export function makeAuthority(): Authority | undefined {
  const directory = mkdtempSync(join(tmpdir(), "sampler-authority-"));
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Ours");
    return {
      ca: readFileSync(at("ca.pem"), "utf8"),
      right: pair("localhost", []),
      elsewhere: pair("elsewhere.example", []),
      over: pair("localhost", ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }

  function pair(name: string, dates: readonly string[]): Pair {
    openssl("req", ...key, "-keyout", "key.pem", "-out", "csr.pem", "-subj", `/CN=${name}`);
    writeFileSync(at("ext"), `subjectAltName=DNS:${name}\n`);
    const signed = dates.length === 0 ? byX509() : byCa(dates);
    return { key: readFileSync(at("key.pem"), "utf8"), cert: readFileSync(at(signed), "utf8") };
  }

  function byX509(): string {
    const ca = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl("x509", "-req", "-in", "csr.pem", ...ca, "-extfile", "ext", "-out", "cert.pem");
    return "cert.pem";
  }

  /** `openssl x509` of Debian 12 does not take dates. */
  function byCa([, from = "", , to = ""]: readonly string[]): string {
    writeFileSync(at("index"), "");
    writeFileSync(at("serial"), "01\n");
    const own = `database=${at("index")}\nserial=${at("serial")}\nnew_certs_dir=${directory}`;
    const policy = "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied";
    writeFileSync(at("ca.cnf"), `[ca]\ndefault_ca=own\n[own]\n${own}\n${policy}\n`);
    const ca = ["-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "ext"];
    const dates = ["-startdate", from, "-enddate", to];
    openssl("ca", "-batch", "-notext", ...ca, ...dates, "-in", "csr.pem", "-out", "over.pem");
    return "over.pem";
  }
}
