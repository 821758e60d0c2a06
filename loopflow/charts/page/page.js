// Put the page together: the map with its path and legend, the tables, the theme.

const data = JSON.parse(document.getElementById("data").textContent);
const { words } = data;
const cells = readCells(data);
const root = cells[0];
const crumbs = document.getElementById("crumbs");
const colourButtons = [...document.querySelectorAll("#colours button")];
const said = document.getElementById("said");
const kinds = data.kinds.map(([name, tokens, items, ofTotal, before, growth, isGone], kind) => (
  { name, tokens, items, ofTotal, before, growth, isGone, kind, share: root.tokens ? tokens / root.tokens : 0 }
));
const map = root.children.growth.length
  ? createMap(document.getElementById("map"), cells, { compared: data.compared, ratios: data.ratios, go })
  : null;

// Show a branch in the map, and make it a place that the browser's Back returns from.
function go(branch, hasFocus) {
  try {
    history.pushState(branch.place, "", branch === root ? "#/" : `#/${encodeURIComponent(branch.path)}`);
  } catch {
    // A page within a page may have no history; the map works without.
  }
  show(branch, hasFocus);
}

function show(branch, hasFocus) {
  if (!branch.children[map.colours].length && branch.children.growth.length) colourBy(0);
  map.show(branch, hasFocus);
  drawCrumbs(branch);
  const removed = branch.isGone ? ", removed" : "";
  said.textContent = `${branch.path}: ${plural(branch.tokens, TOKEN)} in ${plural(branch.items, words.item)}${removed}`;
}

function drawCrumbs(branch) {
  const trail = [];
  for (let cell = branch; cell; cell = cell.parent) trail.unshift(cell);
  const list = make("ol");
  for (const cell of trail) {
    const item = make("li");
    const label = cell === root ? "all" : labelOf(cell);
    if (cell === branch) {
      item.append(make("bdi", "here", label));
      item.firstChild.setAttribute("aria-current", "location");
    } else {
      const button = make("button", "link", label);
      button.type = "button";
      button.addEventListener("click", () => go(cell, true));
      item.append(button);
    }
    list.append(item);
  }
  crumbs.replaceChildren(list, make("span", "size", `${plural(branch.tokens, TOKEN)} · ${branch.ofTotal}%`));
}

function drawLegend() {
  const legend = document.getElementById("legend");
  const entries = map.colours === "growth"
    ? [["g0", "−20% and beyond"], ["g1", "−2%"], ["g2", "less"], ["g3", "unchanged"],
      ["g4", "more"], ["g5", "+2%"], ["g6", "+20% and beyond, or new"]]
    : kinds.slice(0, COLOURED_KINDS).filter((row) => row.tokens).map((row) => [kindClass(row.kind), row.name]);
  if (map.colours === "growth" && cells.some((cell) => cell.isGone)) entries.push(["gone", "removed, as large as it was"]);
  if (map.colours === "kind" && kinds.length > COLOURED_KINDS) entries.push(["other", `other ${words.kinds}`]);
  legend.replaceChildren(...entries.map(([className, text]) => {
    const item = make("li");
    item.append(makeSwatch(className), make("bdi", "", text));
    return item;
  }));
}

function makeSwatch(className) {
  const swatch = makeSvg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, "swatch");
  swatch.append(makeSvg("rect", { width: 10, height: 10, rx: 2 }, className));
  return swatch;
}

// Two branches can have the same path where labels are not unique; then the browser's history knows which it was.
function branchOfHash() {
  let path = "";
  try {
    path = decodeURIComponent(location.hash.slice(2));
  } catch {
    // Not one of ours.
  }
  const found = cells.filter((cell) => cell.shape === BRANCH && cell.path === path && cell.children.growth.length);
  return found.find((cell) => cell.place === history.state) ?? found[0] ?? root;
}

function colourBy(place) {
  colourButtons.forEach((button, number) => button.setAttribute("aria-pressed", String(number === place)));
  map.colourBy(place ? "kind" : "growth");
  drawLegend();
}

function startMap() {
  document.getElementById("colours").hidden = !data.compared;
  document.getElementById("map-help").hidden = false;
  colourButtons.forEach((button, place) => button.addEventListener("click", () => colourBy(place)));
  window.addEventListener("popstate", () => show(branchOfHash(), false));
  drawLegend();
  show(branchOfHash(), false);
}

function startTables() {
  const branches = cells.filter((cell) => cell.shape === BRANCH).map((cell) => ({
    ...cell,
    cell,
    name: cell.path,
    share: root.tokens ? cell.tokens / root.tokens : 0,
    shareOfParent: cell.parent ? cell.tokens / (cell.parent.tokens || 1) : 1,
    before: cell.before ?? null,
    isGone: data.compared && !cell.items && cell !== root,
  }));
  createTable("branches", data.columns.branches, branches, (place, { name, cell }) => {
    if (!cell.children.growth.length) return place.append(makeName(name));
    const button = make("button", "link");
    button.type = "button";
    button.append(makeName(name));
    button.addEventListener("click", () => {
      go(cell, true);
      crumbs.scrollIntoView({ block: "start" });
    });
    return place.append(button);
  });
  createTable("kinds", data.columns.kinds, kinds, (place, { name, kind }) => {
    place.append(makeSwatch(kindClass(kind)), makeName(name));
  });
}

function startTheme() {
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const isDark = () => (chosen ?? (dark.matches ? "dark" : "light")) === "dark";
  const say = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = chosen;
    say();
  });
  dark.addEventListener("change", say);
  say();
}

startTheme();
if (map) startMap();
startTables();
