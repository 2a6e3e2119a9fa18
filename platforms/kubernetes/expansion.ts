import type { Container } from "./objects.ts";

/*
 * Kubernetes puts the value of a variable in the place of `$(NAME)` in variables, commands and arguments, and one dollar in
 * that of two. What is written for a gateway is to reach it as it is.
 */

export function withoutExpansion(text: string): string {
  return text.split("$").join("$$");
}

/** What a program sees where `withoutExpansion` has written it. */
export function expanded(text: string): string {
  return text.split("$$").join("$");
}

/** Whether Kubernetes puts something else in the place of a part of it. */
export function hasExpansion(text: string): boolean {
  return text.replaceAll("$$", "").includes("$(");
}

export function withSafeArguments<Part extends Pick<Container, "command" | "args">>(part: Part): Part {
  const { command, args } = part;
  return {
    ...part,
    ...(command && { command: command.map(withoutExpansion) }),
    ...(args && { args: args.map(withoutExpansion) }),
  };
}
