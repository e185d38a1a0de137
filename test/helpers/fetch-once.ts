/**
 * Fetches by a connection of its own: on a busy machine a server may end an idle one just as it is
 * used again.
 */
export function fetchOnce(
  url: string,
  { headers, ...init }: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(url, { ...init, headers: { ...headers, Connection: "close" } });
}
