/*
 * How a program is started in a pod that waits: by a script that gets its words and its input by standard input, because
 * what leads to the pod may take no long address, and no argument may hold a secret.
 */

interface Folders {
  /** On a disk; each turn has a folder there. */
  out: string;
  /** In memory. */
  input: string;
  /** Empty at the begin of each turn. */
  stage: string;
}

const inPod: Folders = { out: "/clawforce/out", input: "/run", stage: "/stage" };

/**
 * Takes the name of a turn, and the bytes of its words and of its input. Started again with the same name it starts nothing:
 * it waits for what was started, and tells what came of that. The program is no child of who waits for it.
 */
export function turnScript({ out, input, stage }: Folders = inPod): string {
  return `umask 077
out=${out}/$1 own=${input}/$1.$$ words=$2 all=$(($2 + $3))
if [ ! -d "$out" ]; then
  head -c "$all" >"$own"
  [ "$(wc -c <"$own")" -eq "$all" ] || exit 75
  head -c "$words" <"$own" >"$own.words"
  tail -c "+$((words + 1))" <"$own" >"$own.input"
  if mkdir "$out" 2>/dev/null; then
    {
      rm -rf ${stage}/*
      sh "$own.words" <"$own.input" >"$out/stdout" 2>"$out/stderr"
      echo "$?" >"$out/ended"
      rm -f "$own" "$own".*
      mv "$out/ended" "$out/code"
    } >/dev/null 2>&1 &
  else
    rm -f "$own" "$own".*
  fi
fi
wait
until [ -f "$out/code" ]; do sleep 1; done
cat "$out/stdout"
cat "$out/stderr" >&2
exit "$(cat "$out/code")"
`;
}

/** What is written to it, and the sizes that are its arguments. */
export function turnInput(
  argv: readonly string[],
  stdin: string,
): { input: string; sizes: [words: number, stdin: number] } {
  const words = `exec ${argv.map(quoted).join(" ")}\n`;
  return { input: words + stdin, sizes: [Buffer.byteLength(words), Buffer.byteLength(stdin)] };
}

/** One word of a shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
