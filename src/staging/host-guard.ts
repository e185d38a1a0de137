import { BlockList, isIP } from "node:net";
import { Failure } from "../errors.ts";
import type { HostGuard } from "../storage/agents.ts";

/** `staging.hosts`: names, `*.names`, addresses, networks; `*` is any host with a public address. */
export interface HostRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/**
 * Networks that no public host is in: this host, private and shared ones, loopback, link-local (cloud
 * metadata too), documentation, benchmarks, multicast, reserved (RFC 6890), and IPv6 that leads to IPv4.
 */
const NOT_PUBLIC = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
] as const;

/**
 * Makes the guard of a service that fetches for others. What is denied is never reached; a host or
 * network that is named may have any address; `*` allows public ones only.
 * @throws Failure CONFIG_INVALID for a network that is none
 */
export function createHostGuard({ allow, deny }: HostRules): HostGuard {
  const inside = networksIn(NOT_PUBLIC);
  const [allowed, denied] = [networksIn(allow), networksIn(deny)];
  const isNamed = (host: string, rules: readonly string[]) =>
    rules.some((rule) => matches(host.toLowerCase().replace(/\.$/, ""), rule.toLowerCase()));
  const isAnyAllowed = allow.includes("*");

  return {
    mayAsk(host) {
      if (isNamed(host, deny)) return false;
      // A host that no rule names may have an address that one does.
      return (
        (isAnyAllowed && !isLocalName(host)) ||
        isNamed(host, allow) ||
        allow.some((rule) => isNetwork(rule))
      );
    },
    mayReach(address, host) {
      if (contains(denied, address) || isNamed(host, deny)) return false;
      if (contains(allowed, address) || isNamed(host, allow)) return true;
      return isAnyAllowed && !contains(inside, address);
    },
  };
}

function matches(host: string, rule: string): boolean {
  if (rule.startsWith("*.")) return host.endsWith(rule.slice(1));
  return rule !== "*" && host === rule;
}

/** True for a name of this host (RFC 6761), also where a proxy looks it up. */
function isLocalName(host: string): boolean {
  return /(^|\.)localhost\.?$/i.test(host);
}

function isNetwork(rule: string): boolean {
  return isIP(rule.split("/")[0] as string) !== 0;
}

function networksIn(rules: readonly string[]): BlockList {
  const list = new BlockList();
  for (const rule of rules.filter(isNetwork)) {
    const [address = "", bits] = rule.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    try {
      if (bits === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(bits), family);
    } catch (error) {
      const message = `staging.hosts: ${rule} is no network`;
      throw new Failure("CONFIG_INVALID", message, { cause: error });
    }
  }
  return list;
}

/** An IPv4 address that is written as IPv6 (`::ffff:127.0.0.1`) is found among those of IPv4. */
function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
