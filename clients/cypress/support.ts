/// <reference types="cypress" />

beforeEach(() => {
  cy.task("seedbed:reset").as("seedbed");
});

afterEach(function () {
  if (this.currentTest?.state === "failed") cy.task("seedbed:tell", this.currentTest.title);
});
