// Long tables can be sorted and filtered. Text is only compared, never set as markup.
"use strict";
const number = text => { const found = text.replace(/[,\u00a0%]/g, "").trim(); return found === "" ? NaN : Number(found); };
for (const table of document.querySelectorAll("table.lively")) {
  const body = table.tBodies[0], rows = Array.from(body.rows), heads = Array.from(table.tHead.rows[0].cells);
  const count = document.createElement("span");
  const box = document.createElement("input");
  box.type = "search"; box.placeholder = "Filter rows"; box.setAttribute("aria-label", "Filter rows");
  const tell = shown => { count.textContent = shown + " of " + rows.length + " rows"; };
  box.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    tell(shown);
  });
  const line = document.createElement("div");
  line.className = "filter"; line.append(box, count);
  table.parentElement.before(line);
  tell(rows.length);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = head.textContent; button.title = "Sort";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = rows.slice().sort((one, two) => {
        const a = one.cells[column].textContent, b = two.cells[column].textContent, x = number(a), y = number(b);
        const order = Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
        return down ? -order : order;
      });
      body.append(...sorted);
    });
  });
}
