"use strict";
/* Tables sort by a click on, or Enter in, a column's heading; without this script they are as written. */
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const written = [...body.rows];
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.number === undefined ? null : Number(cell.dataset.number);
  };
  const sort = (column, way) => {
    const numeric = heads[column].classList.contains("number");
    const compare = (a, b) => {
      if (!numeric) return way * a.cells[column].textContent.localeCompare(b.cells[column].textContent, "en", { numeric: true });
      const x = key(a, column), y = key(b, column);
      if (x === null || y === null) return (x === null) - (y === null); /* NA is last, either way */
      return way * (x - y);
    };
    body.append(...[...written].sort(compare));
    heads.forEach((head, i) => head.setAttribute("aria-sort", i !== column ? "none" : way > 0 ? "ascending" : "descending"));
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const first = head.classList.contains("number") ? "descending" : "ascending";
      const again = head.getAttribute("aria-sort") === first;
      sort(column, (first === "ascending") !== again ? 1 : -1);
    });
  });
}
