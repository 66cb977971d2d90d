// Copyright (c) 2026, rxpath.linux contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The page is complete without this: it only sorts and filters the table of hosts and opens what is folded.
(() => {
  "use strict";
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; }
  };
  addEventListener("hashchange", open);
  open();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((item) => { item.open = true; });
  });
  addEventListener("afterprint", () => { folded.forEach((item) => { item.open = false; }); });

  const table = document.getElementById("fleet-table");
  if (!table) { return; }
  const rows = [...table.tBodies[0].rows];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const heads = [...table.tHead.rows[0].cells];
  // A host without a finding has its reason in one wide cell: it stands below every number and name.
  const value = (row, column, numeric) => {
    const cell = row.cells[column];
    if (!cell || cell.colSpan > 1) { return numeric ? -Infinity : ""; }
    return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
  };
  const compare = (a, b) => a === b ? 0 : typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) { return; }
    button.disabled = false;
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("num");
      const now = head.getAttribute("aria-sort");
      const next = now === "none" ? (numeric ? "descending" : "ascending") : now === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => { if (other.hasAttribute("aria-sort")) { other.setAttribute("aria-sort", "none"); } });
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      rows.sort((a, b) => sign * compare(value(a, column, numeric), value(b, column, numeric)));
      table.tBodies[0].append(...rows);
    });
  });

  const tools = document.getElementById("tools");
  const filter = document.getElementById("filter");
  const status = document.getElementById("status");
  const shown = document.getElementById("shown");
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let number = 0;
    rows.forEach((row) => {
      const match = words.every((word) => texts.get(row).includes(word))
        && (!status.value || row.dataset.status === status.value);
      row.hidden = !match;
      number += match ? 1 : 0;
    });
    shown.textContent = `${number} of ${rows.length} hosts`;
  };
  tools.hidden = false;
  tools.addEventListener("submit", (event) => { event.preventDefault(); });
  filter.addEventListener("input", apply);
  status.addEventListener("change", apply);
})();
