/** A test that fails, for the one that reads its report. */

import { expect, test } from "../fixture";
import { open, Reader } from "../pockitflyer";

test("a flyer is dropped by mistake", async ({ page, seedbed }) => {
  await open(page);
  const power = new Reader(page, await seedbed.token("power"));
  const { ids, total } = seedbed.expected.power.favorites_feed;
  await power.drop(ids[0]!);
  await power.follow(seedbed.personas.user_001.id);
  expect(await power.feed("favorites")).toHaveLength(total);
});
