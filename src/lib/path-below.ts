/**
 * The path of what lies at `name` below a directory, both as they are: nothing is tidied, which
 * `join` takes ten times as long for.
 */
export function pathBelow(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
