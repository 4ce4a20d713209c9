// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import { Profiler } from "react";
import { expect, test } from "vitest";
import { Later } from "./later";

test("all else is to be seen before, and then what comes later", async () => {
  const seen: (string | null)[] = [];
  render(
    <Profiler id="page" onRender={() => seen.push(document.body.textContent)}>
      first<Later>, later</Later>
    </Profiler>,
  );
  await screen.findByText("first, later");
  expect(seen).toEqual(["first", "first, later"]);
});
