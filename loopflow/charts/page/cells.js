// What is drawn and listed. A cell is a branch, a leaf, or the rest of a branch ("more").

const BRANCH = 0;
const LEAF = 1;
const MORE = 2;
const COLOURED_KINDS = 10;
const TOKEN = ["token", "tokens"];

function readCells(data) {
  const cells = data.cells.map((row, place) => {
    const [parent, name, shape, tokens, items, kind, ofParent, ofTotal, boxes, before, growth] = row;
    const numbers = readNumbers(boxes, data.digits, data.grid);
    return {
      place, name, shape, tokens, items, kind, ofParent, ofTotal, before, growth,
      parent: place ? parent : null,
      boxes: numbers.length ? [numbers.slice(0, 4), numbers.slice(4)] : null,
      children: [],
    };
  });
  for (const cell of cells) {
    cell.parent = cell.parent === null ? null : cells[cell.parent];
    cell.path = pathOf(cell);
    if (cell.parent && cell.boxes) cell.parent.children.push(cell);
  }
  for (const cell of cells) cell.children.sort((a, b) => b.tokens - a.tokens || a.place - b.place);
  return cells;
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
  const isAll = cell.tokens === cell.parent.tokens;
  return plural(cell.items, words.item, isAll ? "" : "more ");
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
