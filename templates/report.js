// Search, filters and links into folded parts of the page. Without it, everything is shown.
"use strict";
(() => {
  const bar = document.getElementById("filter");
  const field = (name) => document.getElementById("filter-" + name);
  const [search, verdict, severity, clause, source] = ["text", "verdict", "severity", "clause", "source"].map(field);
  const listed = (text) => (text || "").split(" ");
  const lower = (element) => element.textContent.replace(/\s+/g, " ").toLowerCase();
  const rowsOf = (element) => [...element.querySelectorAll("tr[data-verdict]")].map((row) => (
    { element: row, verdict: row.dataset.verdict, source: row.dataset.source, text: lower(row) }));
  const controls = [...document.querySelectorAll("[data-control]")].map((element) => ({
    element,
    rows: rowsOf(element),
    tables: [...element.querySelectorAll(".of-subjects")],
    head: [...(element.matches("tr") ? [element] : element.querySelectorAll(".head, dl"))].map(lower).join(" "),
    severity: element.dataset.severity,
    clauses: listed(element.dataset.clauses),
    verdicts: listed(element.dataset.control),
  }));
  const allRows = controls.reduce((sum, control) => sum + control.rows.length, 0);

  function narrow() {
    const query = search.value.trim().replace(/\s+/g, " ").toLowerCase();
    let shownControls = 0, shownRows = 0;
    for (const control of controls) {
      const fits = (!severity.value || control.severity === severity.value)
        && (!clause.value || control.clauses.includes(clause.value));
      const named = !query || control.head.includes(query);
      let rows = 0;
      for (const row of control.rows) {
        const shown = fits && (!verdict.value || row.verdict === verdict.value)
          && (!source.value || row.source === source.value) && (named || row.text.includes(query));
        row.element.hidden = !shown;
        rows += shown;
      }
      const self = fits && named && !source.value && (!verdict.value || control.verdicts.includes(verdict.value));
      for (const table of control.tables) {
        table.hidden = !table.querySelector("tr[data-verdict]:not([hidden])");
      }
      control.element.hidden = !(rows || self);
      shownControls += !control.element.hidden;
      shownRows += rows;
    }
    document.getElementById("filter-status").textContent =
      `${shownControls} of ${controls.length} controls and ${shownRows} of ${allRows} listed findings are shown.`;
  }

  function clear() {
    search.value = "";
    for (const one of [verdict, severity, clause, source]) one.value = "";
    narrow();
  }

  // A link may lead into what is filtered away or folded.
  function follow() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch (error) { return; }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    const folded = target.closest("details");
    if (folded) {
      folded.open = true;
      if (folded === target) target.querySelector("summary").focus();
    }
    target.scrollIntoView();
  }

  // What scrolls sideways on a narrow screen must be reachable by keyboard, and have a name.
  function reach() {
    for (const box of document.querySelectorAll(".wide")) {
      const scrolls = box.scrollWidth > box.clientWidth;
      const name = box.querySelector("caption, figcaption");
      for (const [attribute, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", name.textContent]]) {
        if (scrolls) box.setAttribute(attribute, value); else box.removeAttribute(attribute);
      }
    }
  }

  for (const one of [verdict, severity, clause, source]) one.addEventListener("change", narrow);
  window.addEventListener("resize", reach);
  search.addEventListener("input", narrow);
  document.getElementById("filter-clear").addEventListener("click", () => { clear(); search.focus(); });
  window.addEventListener("hashchange", follow);
  bar.hidden = false;
  clear();
  reach();
  follow();
})();
