/**
 * Joins a directory and a path below it, both as they are. Nothing is normalised, for which `join`
 * takes ten times as long.
 */
export function pathBelow(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
