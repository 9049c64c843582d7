/** What docs/testing.md shows of Playwright. */

import { expect, test } from "./fixture";
import { open, Reader } from "./pockitflyer";

test("power sees what she keeps, newest first", async ({ page, seedbed }) => {
  await open(page);
  const power = new Reader(page, await seedbed.token("power"));
  const { favorites_feed } = seedbed.expected.power;
  expect(await power.feed("favorites")).toEqual(favorites_feed.ids);
  expect(await power.feed("favorites", { category: "events" })).toEqual(favorites_feed.by.category.events.ids);
});

test.describe("who follows nobody yet", () => {
  test.use({ seedbedState: "active_follows_nobody" });

  test("sees the flyers of the first creator that he follows", async ({ page, seedbed }) => {
    await open(page);
    const active = new Reader(page, await seedbed.token("active"));
    expect(await active.feed("following")).toEqual([]);
    await active.follow(seedbed.personas.user_005.id);
    expect(await active.feed("following")).toHaveLength(5);
  });
});

test("an account that a test registers carries its worker's mark", async ({ page, seedbed }) => {
  await open(page);
  const nobody = new Reader(page, "");
  const email = `test_m03_e04_favorite_${Date.now()}${seedbed.mark}@pockitflyer.test`;
  const { token } = await nobody.ask("POST", "auth/register/", { email, password: "TestPass123!" });
  expect(await new Reader(page, token).feed("favorites")).toEqual([]);
});
