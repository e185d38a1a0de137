import type { Argument, Command, Option } from "commander";
import type { NameKind } from "./names.ts";

/** A shell that completion is made for. */
export type Shell = "bash" | "zsh" | "fish";

/** The value of an option, or of an argument. */
interface Value {
  readonly words: readonly string[];
  readonly is: "file" | "directory" | NameKind | "other";
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

/** Kinds of values, by the name of the option or argument; the first that matches. */
const kinds: readonly (readonly [RegExp, Value["is"]])[] = [
  [/^--dataset\b/, "datasets"],
  [/^--format <glob>/, "formats"],
  [/file/, "file"],
  [/dir/, "directory"],
  [/^(raw|what|glob)$/, "raws"],
];

function valueOf(from: Argument | Option | undefined): Value {
  const name = from === undefined ? "" : "flags" in from ? from.flags : from.name();
  const [, is = "other"] = kinds.find(([pattern]) => pattern.test(name)) ?? [];
  return { words: from?.argChoices ?? [], is };
}

/** For bash 4 and later. `--option=word` comes as three words. */
function bashScript(program: string, commands: readonly CommandFacts[]): string {
  const complete = ({ words, is }: Value): string => {
    if (is === "other") return `words=${quoted(words.join(" "))}`;
    if (is === "file") return "compopt -o filenames; files=-f";
    return is === "directory"
      ? "compopt -o filenames; files=-d"
      : `compopt -o filenames; names=${is}`;
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
  return `_staging_sampler_names() {
  local i value lake=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in --prefix | --config)
      value=\${COMP_WORDS[i+1]}
      if [[ $value == "=" ]]; then value=\${COMP_WORDS[i+2]}; fi
      lake+=("\${COMP_WORDS[i]}" "$value") ;;
    esac
  done
  ${program} names "\${lake[@]}" -- "$1" "$2" 2>/dev/null
}
_staging_sampler() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words= files= names= command=\${COMP_WORDS[1]}
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
  if [[ $names ]]; then mapfile -t COMPREPLY < <(_staging_sampler_names "$names" "$cur")
  elif [[ $files ]]; then mapfile -t COMPREPLY < <(compgen "$files" -- "$cur")
  else mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"); fi
}
complete -F _staging_sampler ${program}
`;
}

function zshScript(program: string, commands: readonly CommandFacts[]): string {
  const action = ({ words, is }: Value): string => {
    if (is === "file") return "_files";
    if (is === "directory") return "_files -/";
    if (is !== "other") return `{_staging_sampler_names ${is}}`;
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
_staging_sampler_names() {
  local -a lake found
  local i
  for (( i = 1; i < CURRENT; i++ )); do
    case $words[i] in
      (--prefix|--config) lake+=("$words[i]" "$words[i+1]") ;;
      (--prefix=*|--config=*) lake+=("$words[i]") ;;
    esac
  done
  found=(\${(f)"$(${program} names $lake -- $1 "$PREFIX" 2>/dev/null)"})
  compadd -a found
}
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
    if (is === "file") return " -r -F";
    if (is === "directory") return " -x -a '(__fish_complete_directories)'";
    if (is !== "other") return ` -x -a '(__staging_sampler_names ${is})'`;
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
      ...(argument.is === "raws" ? [`${within} -a '(__staging_sampler_names raws)'`] : []),
      ...(argument.words.length > 0 ? [`${within} -a ${quoted(argument.words.join(" "))}`] : []),
    ];
  };
  const lines = commands.flatMap((command) => linesOf(command, "__fish_use_subcommand", ""));
  return `function __staging_sampler_names
  command -q ${program}; or return
  set -l lake
  set -l words (commandline -opc)
  for i in (seq (count $words))
    switch $words[$i]
      case --prefix --config
        set -a lake $words[$i] $words[(math $i + 1)]
      case '--prefix=*' '--config=*'
        set -a lake $words[$i]
    end
  end
  ${program} names $lake -- $argv[1] (commandline -ct) 2>/dev/null
end
complete -c ${program} -f
${lines.join("\n")}
`;
}

function namesOf(commands: readonly CommandFacts[]): string {
  return commands.map(({ name }) => name).join(" ");
}

/** A text quoted for bash, zsh and fish alike, as long as it has no backslash before a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
