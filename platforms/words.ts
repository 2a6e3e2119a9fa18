/** How a platform and what is on it is called, and what a person does there by hand: for messages. Commands are whole lines. */
export interface PlatformWords {
  /** "the Docker host" */
  place: string;
  /** Where it keeps images and what containers write: "Docker's own disk", and what may be freed there without losing the way back. */
  disk: { name: string; advice: string };
  /** Shows whether it answers. */
  answerCommand(): string;
  /** Lists what is there, that of others too. */
  listCommand(): string;
  /** Shows the log of a unit. */
  logCommand(unit: string): string;
  /** Shows whether it can get an image. */
  pullCommand(reference: string): string;
  /** Makes a folder there. Undefined: it is made when it is first needed. */
  folderCommand(path: string): string | undefined;
  /** Stop and remove a unit; what its state is in stays. */
  removeCommands(unit: string): string[];
}
