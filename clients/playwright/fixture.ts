/**
 * Seedbed for Playwright: every test finds the dataset of its own worker, whole.
 *
 *     import { expect, test } from "./fixture";
 *
 *     test("power sees her favorites", async ({ page, seedbed }) => {
 *       const { email, password } = seedbed.personas.power;
 *       ...
 *     });
 *
 * A worker is what Playwright calls `parallelIndex`. What a failing test has changed is attached to its
 * report; the next test's reset takes it back.
 */

import { test as base } from "@playwright/test";

import { manifest, type Manifest } from "../manifest";
import { Service, told } from "../seedbed";

/** The names of what is in the dataset, and the service. */
export type Seedbed = Service & Pick<Manifest, "personas" | "rows" | "edges" | "expected">;

export interface Options {
  /** A state that the scenario declares: `test.use({ seedbedState: "active_follows_nobody" })`. */
  seedbedState: Manifest["states"][number] | undefined;
}

export const test = base.extend<Options & { seedbed: Seedbed }>({
  seedbedState: [undefined, { option: true }],

  seedbed: [
    async ({ seedbedState }, use, info) => {
      const service = new Service(info.parallelIndex);
      const named = manifest(info.parallelIndex);
      const { dataset } = await service.reset(seedbedState);
      if (dataset.digest !== named.digest) throw new Error(other(named.scenario, named.digest, dataset.digest));

      const { personas, rows, edges, expected } = named;
      await use(Object.assign(service, { personas, rows, edges, expected }));

      if (info.status !== info.expectedStatus) {
        const changed = await service.plan();
        await info.attach("what the test changed", { body: told(changed) || "nothing\n", contentType: "text/plain" });
        await info.attach("what the test changed, as JSON", {
          body: JSON.stringify(changed.plan, null, 2),
          contentType: "application/json",
        });
      }
    },
    { auto: true },
  ],
});

export { expect } from "@playwright/test";

function other(scenario: string, written: string, live: string): string {
  return [
    `the database has another dataset than manifest.ts speaks of: ${live.slice(0, 8)}, not ${written.slice(0, 8)}`,
    "the scenario files have changed since it was written",
    `help: seedbed manifest ${scenario} --format ts --out manifest.ts`,
  ].join("\n  ");
}
