// What is drawn and listed. A cell is a branch, a leaf, or the rest of a branch ("more").

const BRANCH = 0;
const LEAF = 1;
const MORE = 2;
const VIEWS = ["kind", "growth"]; // what colour says, and with it whether what is gone is there
const COLOURED_KINDS = 10;
const TOKEN = ["token", "tokens"];

function readCells(data) {
  const cells = data.cells.map((row, place) => {
    const [parent, name, shape, tokens, items, kind, ofParent, ofTotal, boxes, grown = "", before, growth] = row;
    return {
      place, name, shape, tokens, items, kind, ofParent, ofTotal, before, growth,
      parent: place ? parent : null,
      isGone: !items && Number.isInteger(before),
      boxes: { kind: readBoxes(boxes, data), growth: readBoxes(grown, data) },
      children: { kind: [], growth: [] },
    };
  });
  for (const cell of cells) {
    cell.parent = cell.parent === null ? null : cells[cell.parent];
    cell.path = pathOf(cell);
    for (const view of VIEWS) if (cell.parent && cell.boxes[view]) cell.parent.children[view].push(cell);
  }
  for (const { children } of cells) {
    for (const view of VIEWS) children[view].sort((a, b) => sizeOf(b) - sizeOf(a) || a.place - b.place);
    if (!children.growth.length) {
      children.growth = children.kind; // nothing is gone, and both views are the same
      for (const cell of children.kind) cell.boxes.growth = cell.boxes.kind;
    }
  }
  return cells;
}

// What is gone is as large as it was.
function sizeOf(cell) {
  return cell.isGone ? cell.before : cell.tokens;
}

function readBoxes(text, { digits, grid }) {
  const numbers = readNumbers(text, digits, grid);
  return numbers.length ? [numbers.slice(0, 4), numbers.slice(4)] : null;
}

// Two digits each, shares of the branch's width and height: left, top, right, bottom; wide, then tall.
function readNumbers(text, digits, grid) {
  const numbers = [];
  for (let at = 0; at < text.length; at += 2) {
    numbers.push((digits.indexOf(text[at]) * digits.length + digits.indexOf(text[at + 1])) / grid);
  }
  return numbers;
}

function pathOf(cell) {
  if (!cell.parent) return cell.name;
  const above = cell.parent.parent ? cell.parent.path + words.joint : "";
  return above + labelOf(cell);
}

function labelOf(cell) {
  if (cell.shape === BRANCH) return cell.parent ? cell.name + words.mark : cell.name;
  if (cell.shape === LEAF) return cell.name;
  if (cell.isGone) return `removed ${words.item[1]}`;
  const isAll = cell.tokens === cell.parent.tokens;
  return plural(cell.items, words.item, isAll ? "" : "more ") + (cell.before ? " and removed ones" : "");
}

function formatCount(number) {
  return number.toLocaleString("en-US");
}

function formatChange(number) {
  return (number > 0 ? "+" : "") + formatCount(number);
}

function plural(number, [one, several], before = "") {
  return `${formatCount(number)} ${before}${number === 1 ? one : several}`;
}

function kindClass(kind) {
  return kind >= 0 && kind < COLOURED_KINDS ? `t${kind}` : "other";
}

// From g0, much less, through g3, the same, to g6, much more.
function growthClass(cell) {
  const change = cell.tokens - (cell.before ?? 0);
  if (!change) return "g3";
  if (!cell.before) return "g6";
  const share = Math.abs(change) / cell.before;
  const step = share >= 0.2 ? 3 : share >= 0.02 ? 2 : 1;
  return `g${change > 0 ? 3 + step : 3 - step}`;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// A name that may break after its slashes; names are from strangers, and only ever text.
function makeName(path) {
  const element = make("bdi");
  path.split(/(?<=\/)/).forEach((part) => element.append(part, document.createElement("wbr")));
  return element;
}
