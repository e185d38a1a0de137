/**
 * A manual page from what the program says of itself; `say` runs it with these arguments and
 * returns what it prints.
 */
export function manPage(say: (args: readonly string[]) => string): string {
  const help = say(["--help"]);
  const commands = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name as string);
  const parts = commands
    .filter((name) => name !== "help")
    .map((name) => `.SS ${name}\n${verbatim(say([name, "--help"]))}`);
  return `.TH STAGING-SAMPLER 1 "" "staging-sampler ${say(["--version"]).trim()}"
.SH NAME
staging\\-sampler \\- publishes a small, real sample of every file that lands in a data lake
.SH SYNOPSIS
.B staging\\-sampler
.I command
[options]
.SH DESCRIPTION
${verbatim(help)}.SH COMMANDS
${parts.join("")}.SH FILES
.TP
.I /etc/staging\\-sampler/config.yaml
settings; /usr/share/staging\\-sampler/config.schema.json says what there is
.TP
.I /etc/staging\\-sampler/environment
environment of the service
.TP
.I /usr/share/doc/staging\\-sampler
how to install and to operate it, what it guarantees
`;
}

function verbatim(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
  return `.nf\n${escaped.trimEnd()}\n.fi\n`;
}
