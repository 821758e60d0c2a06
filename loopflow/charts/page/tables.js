// A chart as a table: sorted by any column, filtered by name, a page of rows at a time.

const FIRST_ROWS = 20;
const MORE_ROWS = 200;

const COLUMNS = {
  tokens: { text: (row) => formatCount(row.tokens), order: (row) => row.tokens },
  total: { text: (row) => row.ofTotal, order: (row) => row.tokens },
  parent: { text: (row) => row.ofParent, order: (row) => row.shareOfParent },
  items: { text: (row) => formatCount(row.items), order: (row) => row.items },
  before: { text: (row) => (row.before === null ? "" : formatCount(row.before)), order: (row) => row.before ?? -1 },
  change: { text: (row) => formatChange(row.change), order: (row) => row.change },
  growth: { text: (row) => row.growth, order: (row) => row.relativeChange },
};

// Rows come in the order they have by name; `keys` are the columns beside the name. `fill` puts the name, and what belongs to it, into its cell.
function createTable(id, keys, rows, fill) {
  const table = document.getElementById(id);
  const filter = document.getElementById(`${id}-filter`);
  const count = document.getElementById(`${id}-count`);
  const more = document.getElementById(`${id}-more`);
  const headers = [...table.tHead.rows[0].cells];
  let sorted = { number: keys.indexOf("tokens") + 1, down: true };
  let number = FIRST_ROWS;

  rows.forEach((row, place) => {
    row.order = place;
    row.key = row.name.toLowerCase();
    row.change = row.tokens - (row.before ?? 0);
    row.relativeChange = row.before ? row.change / row.before : row.change ? Infinity : 0;
  });

  function arrange() {
    const wanted = filter.value.trim().toLowerCase();
    const order = sorted.number ? COLUMNS[keys[sorted.number - 1]].order : (row) => row.order;
    const sign = sorted.down ? -1 : 1;
    return rows
      .filter((row) => row.key.includes(wanted))
      .sort((a, b) => sign * compare(order(a), order(b)) || a.order - b.order);
  }

  function compare(a, b) {
    return a < b ? -1 : Number(a > b);
  }

  function draw() {
    const arranged = arrange();
    const shown = arranged.slice(0, number);
    table.tBodies[0].replaceChildren(...shown.map(makeRow));
    const all = arranged.length < rows.length ? `, of ${formatCount(rows.length)} in all` : "";
    count.textContent = arranged.length
      ? `${formatCount(shown.length)} of ${formatCount(arranged.length)}${all}`
      : `Nothing matches${all}`;
    more.hidden = shown.length === arranged.length;
    headers.forEach((header, place) => {
      if (place === sorted.number) header.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    });
  }

  function makeRow(row) {
    const line = make("tr", row.isGone ? "gone" : "");
    const name = make("th", "path");
    name.scope = "row";
    fill(name, row);
    name.append(makeBar(row.share));
    line.append(name, ...keys.map((key) => {
      const cell = make("td", "", COLUMNS[key].text(row));
      if (key === "change" && row.change) cell.className = row.change > 0 ? "more" : "less";
      return cell;
    }));
    return line;
  }

  function makeBar(share) {
    const bar = makeSvg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, "bar");
    bar.append(
      makeSvg("rect", { width: 100, height: 6 }, "track"),
      makeSvg("rect", { width: Math.max(100 * share, share ? 0.4 : 0), height: 6 }, "fill"),
    );
    return bar;
  }

  headers.forEach((header, place) => {
    const button = make("button", "sort", header.textContent);
    button.type = "button";
    button.addEventListener("click", () => {
      sorted = { number: place, down: place === sorted.number ? !sorted.down : place > 0 };
      draw();
    });
    header.replaceChildren(button);
  });
  filter.hidden = false;
  filter.addEventListener("input", () => {
    number = FIRST_ROWS;
    draw();
  });
  more.addEventListener("click", () => {
    number += MORE_ROWS;
    draw();
  });
  draw();
}
