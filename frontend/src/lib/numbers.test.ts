import { expect, it } from "vitest";
import { asTable } from "./numbers";

it("shows every column that any row has, and nothing for what a row lacks", () => {
  const found = asTable([{ month: 0, share: 1 }, { month: 12.34567, n_at_risk: 3 }, { month: 24, share: null }]);

  expect(found.head).toEqual(["month", "share", "n at risk"]);
  expect(found.body).toEqual([["0", "1", ""], ["12.35", "", "3"], ["24", "", ""]]);
});
