import type { Argument, Command, Option } from "commander";

/** A shell that completion is made for. */
export type Shell = "bash" | "zsh" | "fish";

/** The value of an option, or of an argument. */
interface Value {
  readonly words: readonly string[];
  readonly is: "file" | "directory" | "other";
}

/** One option of one command. */
interface Flag {
  readonly name: string;
  readonly about: string;
  /** undefined where none follows. */
  readonly value: Value | undefined;
}

interface CommandFacts {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly Flag[];
  readonly argument: Value;
  /** The commands of a group; none for a single command. */
  readonly inner: readonly CommandFacts[];
}

/** A script with which the shell completes commands, options, choices and file names. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = program.commands.map(factsOf);
  const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
  return script(program.name(), commands);
}

function factsOf(command: Command): CommandFacts {
  const flags = [...command.options.filter(({ hidden }) => !hidden).map(flagOf), HELP];
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    about: command.description(),
    flags,
    argument: valueOf(argument),
    inner: command.commands.map(factsOf),
  };
}

const HELP: Flag = { name: "--help", about: "what it does, and its options", value: undefined };

function flagOf(option: Option): Flag {
  const takesValue = option.required || option.optional;
  const value = takesValue ? valueOf(option) : undefined;
  return { name: option.long ?? option.flags, about: option.description, value };
}

/** The kind of a value, from the names `<file>` and `<dir>`. */
function valueOf(from: Argument | Option | undefined): Value {
  const name = from === undefined ? "" : "flags" in from ? from.flags : from.name();
  const is = /file/.test(name) ? "file" : /dir/.test(name) ? "directory" : "other";
  return { words: from?.argChoices ?? [], is };
}

/** For bash 4 and later. `--option=word` comes as three words. */
function bashScript(program: string, commands: readonly CommandFacts[]): string {
  const complete = ({ words, is }: Value): string => {
    if (is === "other") return `words=${quoted(words.join(" "))}`;
    return `compopt -o filenames; files=${is === "file" ? "-f" : "-d"}`;
  };
  const groups = commands.filter(({ inner }) => inner.length > 0);
  const all = commands.flatMap((command) =>
    command.inner.length === 0
      ? [command]
      : command.inner.map((one) => Object.assign({}, one, { name: `${command.name} ${one.name}` })),
  );
  const inner = groups.map(
    ({ name, inner: of }) => `    ${name}) words=${quoted(`${namesOf(of)} --help`)} ;;`,
  );
  const isGroup = `[[ \${COMP_WORDS[1]} =~ ^(${groups.map(({ name }) => name).join("|")})$ ]]`;
  const casesOf = ({ name, flags, argument }: CommandFacts): string[] => [
    ...flags.flatMap(({ name: flag, value }) =>
      value === undefined ? [] : [`    ${quoted(`${name} ${flag}`)}) ${complete(value)} ;;`],
    ),
    `    ${quoted(`${name} `)}*)
      if [[ $cur == -* ]]; then words=${quoted(flags.map(({ name }) => name).join(" "))}
      else ${complete(argument)}; fi ;;`,
  ];
  return `_staging_sampler() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words= files= command=\${COMP_WORDS[1]}
  if ((COMP_CWORD > 2)) && ${isGroup}; then command+=" \${COMP_WORDS[2]}"; fi
  if [[ $cur == "=" ]]; then cur=
  elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if ((COMP_CWORD == 1)); then words=${quoted(`${namesOf(commands)} --help --version`)}
  elif ((COMP_CWORD == 2)) && ${isGroup}; then case \${COMP_WORDS[1]} in
${inner.join("\n")}
  esac
  else case "$command $prev" in
${all.flatMap(casesOf).join("\n")}
  esac; fi
  if [[ $files ]]; then mapfile -t COMPREPLY < <(compgen "$files" -- "$cur")
  else mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"); fi
}
complete -F _staging_sampler ${program}
`;
}

function zshScript(program: string, commands: readonly CommandFacts[]): string {
  const action = ({ words, is }: Value): string => {
    if (is !== "other") return is === "file" ? "_files" : "_files -/";
    return words.length === 0 ? " " : `(${words.join(" ")})`;
  };
  const told = (text: string) => text.replace(/[[\]:\\]/g, String.raw`\$&`);
  const spec = ({ name: flag, about, value }: Flag): string =>
    value === undefined
      ? quoted(`${flag}[${told(about)}]`)
      : quoted(`${flag}=[${told(about)}]:${flag.slice(2)}:${action(value)}`);
  const described = (all: readonly CommandFacts[]) =>
    all.map(({ name, about }) => quoted(`${name}:${told(about)}`)).join(" ");
  const caseOf = ({ name, flags, argument, inner }: CommandFacts): string => {
    if (inner.length > 0)
      return `    ${name}) local -a inner=(${described(inner)})
    if (( CURRENT == 2 )); then _describe command inner; return; fi
    command=$words[2]; (( CURRENT-- )); shift words
    case $command in
${inner.map(caseOf).join("\n")}
    esac ;;`;
    const specs = [...flags.map(spec), quoted(`1:argument:${action(argument)}`)];
    return `    ${name}) _arguments ${specs.join(" ")} ;;`;
  };
  return `#compdef ${program}
_staging_sampler() {
  local -a commands=(${described(commands)})
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  (( CURRENT-- )); shift words
  case $command in
${commands.map(caseOf).join("\n")}
  esac
}
if [ "$funcstack[1]" = _staging_sampler ]; then _staging_sampler "$@"
else compdef _staging_sampler ${program}; fi
`;
}

function fishScript(program: string, commands: readonly CommandFacts[]): string {
  const value = ({ words, is }: Value): string => {
    if (is !== "other") return is === "file" ? " -r -F" : " -x -a '(__fish_complete_directories)'";
    return words.length === 0 ? " -x" : ` -x -a ${quoted(words.join(" "))}`;
  };
  const seen = (name: string) => `__fish_seen_subcommand_from ${name}`;
  const linesOf = (command: CommandFacts, here: string, group: string): string[] => {
    const { name, about, flags, argument, inner } = command;
    const inside = `${group}${seen(name)}`;
    const within = `complete -c ${program} -n '${inside}'`;
    const isNone = `${inside}; and not ${seen(namesOf(inner))}`;
    return [
      `complete -c ${program} -n '${here}' -a ${name} -d ${quoted(about)}`,
      ...inner.flatMap((one) => linesOf(one, isNone, `${inside}; and `)),
      ...flags.map(({ name: flag, about, value: follows }) => {
        const after = follows === undefined ? "" : value(follows);
        return `${within} -l ${flag.slice(2)} -d ${quoted(about)}${after}`;
      }),
      ...(argument.is === "file" ? [`${within} -F`] : []),
      ...(argument.words.length > 0 ? [`${within} -a ${quoted(argument.words.join(" "))}`] : []),
    ];
  };
  const lines = commands.flatMap((command) => linesOf(command, "__fish_use_subcommand", ""));
  return `complete -c ${program} -f\n${lines.join("\n")}\n`;
}

function namesOf(commands: readonly CommandFacts[]): string {
  return commands.map(({ name }) => name).join(" ");
}

/** A text quoted for bash, zsh and fish alike, as long as it has no backslash before a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
