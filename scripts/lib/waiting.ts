import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure';

const POLL_MS = 250;

/** Waits until `url` answers with a status below 400. `alive` says whether it is still worth waiting. */
export async function untilAnswers(url: string, seconds: number, alive: () => boolean = () => true): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end && alive()) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer && answer.status < 400) {
      return;
    }
    await sleep(POLL_MS);
  }
  throw new Failure(
    alive()
      ? `${url} didn't answer within ${seconds} seconds.`
      : `The process that should answer at ${url} has stopped.`
  );
}
