import type { Unread } from "./text-scan.ts";

/**
 * What a search without a map has found: an image, a value that nobody knows yet, a text that was not read, or what
 * something else does with images.
 */
export type Found =
  | {
      path: string;
      /** A text that should be a reference; absent when it is not known at preview. */
      text?: string;
      /** The text is a tag alone: something else says the repository. */
      alone?: true;
      /** Whether the name of the place says that an image stands there. */
      named: boolean;
    }
  /** A text that may name images. */
  | { path: string; unread: Unread }
  | FoundHand;

/** Something beside the program that has a hand in what runs. */
export interface FoundHand {
  path: string;
  /** It changes the image, or it puts a container beside the program's own. */
  hand: "moves" | "injects";
  /** What the program tells it by: an annotation, a label, a field. */
  by: string;
}
