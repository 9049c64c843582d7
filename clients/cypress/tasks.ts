/**
 * Seedbed for Cypress: tasks, since tests in the browser may neither know the service nor its token.
 *
 *     cy.task("seedbed:reset").then(({ personas }) => ...)
 *     cy.task("seedbed:reset", { state: "active_follows_nobody" })
 *     cy.task("seedbed:token", "power")
 *     cy.task("seedbed:plan")                       // what the test has changed, a line for each row
 *
 * Each `cypress run` is one worker: SEEDBED_WORKER, 0 unless said.
 */

import { manifest } from "../manifest";
import { Service, told } from "../seedbed";

/** What `on("task", ...)` takes. */
export function seedbed(worker = Number(process.env["SEEDBED_WORKER"] ?? 0)) {
  const service = new Service(worker);
  const named = manifest(worker);
  return {
    /** The dataset is whole again; returns its names and what was undone. */
    async "seedbed:reset"(wanted?: { state?: string } | null) {
      const undone = await service.reset(wanted?.state);
      const live = undone.dataset.digest;
      if (live !== named.digest) {
        throw new Error(`the database has another dataset than manifest.ts speaks of: ${live.slice(0, 8)}`);
      }
      return { ...named, mark: service.mark, undone: told(undone) };
    },

    /** What has changed since the last reset, a line for each row and file. */
    "seedbed:plan": async () => told(await service.plan()),

    /** What the application takes for proof that this is the persona. */
    "seedbed:token": (persona: string) => service.token(persona),

    /** For `afterEach` of a test that has failed: prints what it has changed. */
    async "seedbed:tell"(title: string) {
      const changed = told(await service.plan()) || "nothing\n";
      console.log(`what "${title}" changed:\n${changed}`);
      return changed;
    },
  };
}
