/** A fault that people can mend: its message is the whole story, so it is printed without a stack. */
export class Failure extends Error {}

/** Ends the process with status 1 and the reason. */
export function exitWith(error: unknown): never {
  console.error(error instanceof Failure ? error.message : error);
  process.exit(1);
}
