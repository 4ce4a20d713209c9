import "@mantine/core/styles.css";
import "./main.css";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { Providers } from "./app/providers";
import { reloadWhenRebuilt } from "./app/rebuilt";
import { router } from "./app/router";

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root.");
reloadWhenRebuilt(() => window.location.reload());
createRoot(place).render(
  <Providers>
    <RouterProvider router={router} />
  </Providers>,
);
