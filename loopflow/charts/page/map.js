// The treemap: one branch fills it, and what is in it is drawn as deep as there is room.

const SVG = "http://www.w3.org/2000/svg";
const FRAME = 3;
const TITLE = 19;
const LEAST_FRAME = { width: 52, height: 44 };
const DEEPEST = 8;
const LINE = 15;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function makeSvg(tag, attributes, className) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (className) element.setAttribute("class", className);
  return element;
}

function createMap(host, cells, settings) {
  const svg = makeSvg("svg", { role: "group", "aria-label": "Treemap" });
  const tip = document.getElementById("tip");
  const pen = document.createElement("canvas").getContext("2d");
  const fonts = { label: "12px", title: "600 11.5px" };
  const widths = { label: new Map(), title: new Map() };
  let view = cells[0];
  let colours = settings.compared ? "growth" : "kind";
  let areas = []; // what the arrow keys walk over: the cells right in the view, and where they are drawn
  let current = 0;

  host.append(svg);

  function measure(text, kind = "label") {
    const known = widths[kind];
    if (!known.has(text)) {
      pen.font = `${fonts[kind]} ${getComputedStyle(svg).fontFamily}`;
      known.set(text, pen.measureText(text).width);
    }
    return known.get(text);
  }

  function colourOf(cell) {
    if (cell.isGone) return "gone";
    if (cell.shape === MORE) return "more";
    return colours === "growth" ? growthClass(cell) : kindClass(cell.kind);
  }

  function draw() {
    const width = host.clientWidth;
    const height = host.clientHeight;
    if (!width || !height) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    areas = [];
    const layer = makeSvg("g", {});
    drawInside(layer, view, { x: 0, y: 0, width, height }, 0);
    layer.append(makeSvg("rect", { id: "ring", rx: 4 }));
    svg.replaceChildren(layer);
    setCurrent(0);
  }

  // Of the two layouts, the one whose shape is nearer to that of the box.
  function drawInside(into, branch, box, depth) {
    const [wide, tall] = settings.ratios;
    const layout = box.width / box.height > Math.sqrt(wide * tall) ? 0 : 1;
    for (const cell of branch.children[colours]) {
      const [left, top, right, bottom] = cell.boxes[colours][layout];
      const x = Math.round(box.x + left * box.width);
      const y = Math.round(box.y + top * box.height);
      const width = Math.round(box.x + right * box.width) - x;
      const height = Math.round(box.y + bottom * box.height) - y;
      if (width < 1 || height < 1) continue;
      const area = { x, y, width, height };
      const group = drawCell(cell, area, depth);
      if (depth === 0) addToWalk(group, cell, area);
      into.append(group);
    }
  }

  function drawCell(cell, area, depth) {
    const isFrame = cell.shape === BRANCH && cell.children[colours].length > 0 && depth < DEEPEST
      && area.width >= LEAST_FRAME.width && area.height >= LEAST_FRAME.height;
    const group = makeSvg("g", { "data-cell": cell.place }, cell.isGone ? "struck" : "");
    const gap = area.width > 3 && area.height > 3 ? 1 : 0;
    const shape = { x: area.x, y: area.y, width: area.width - gap, height: area.height - gap };
    if (area.width > 12 && area.height > 12) shape.rx = 2;
    group.append(makeSvg("rect", shape, isFrame ? `frame d${Math.min(depth, 3)}` : colourOf(cell)));
    if (isFrame) {
      write(group, fit(labelOf(cell), area.width - 2 * FRAME - 6, "title"), area.x + FRAME + 3, area.y + 13, "title");
      const inner = {
        x: area.x + FRAME, y: area.y + TITLE,
        width: area.width - 2 * FRAME, height: area.height - TITLE - FRAME,
      };
      drawInside(group, cell, inner, depth + 1);
    } else {
      drawLabel(group, cell, area);
    }
    return group;
  }

  // The name, on several lines where it is too long for one, and the number below it.
  function drawLabel(group, cell, area) {
    const room = area.width - 9;
    const lines = wrap(labelOf(cell), room, Math.floor((area.height - 4) / LINE));
    lines.forEach((line, number) => write(group, line, area.x + 5, area.y + 14 + number * LINE, "label"));
    const count = cell.isGone ? `−${formatCount(cell.before)}` : formatCount(cell.tokens);
    if (lines.length && area.height >= (lines.length + 1) * LINE + 5 && measure(count) <= room) {
      write(group, count, area.x + 5, area.y + 14 + lines.length * LINE, "label count");
    }
  }

  // Lines break before a suffix and after a sign that joins words; what is too long even so is cut.
  function wrap(text, room, number) {
    const most = Math.min(number, 3);
    if (most < 1) return [];
    if (measure(text) <= room) return [text];
    const lines = [""];
    for (const word of text.match(/\.?[^-_. ]*[-_ ]?/g)) {
      const line = lines.at(-1) + word;
      if (measure(line) <= room) lines[lines.length - 1] = line;
      else if (measure(word) <= room) lines.push(word);
      else return [fit(text, room)].filter(Boolean);
    }
    return lines.length <= most ? lines.filter(Boolean) : [fit(text, room)].filter(Boolean);
  }

  function write(group, text, x, y, className) {
    if (!text) return;
    const element = makeSvg("text", { x, y }, className);
    element.textContent = text;
    group.append(element);
  }

  // The text, its beginning, or nothing where not even that would say anything.
  function fit(text, room, kind) {
    if (measure(text, kind) <= room) return text;
    const letters = [...text];
    let number = Math.floor((letters.length * room) / measure(text, kind));
    while (number > 0 && measure(`${letters.slice(0, number).join("")}…`, kind) > room) number -= 1;
    return number >= 4 ? `${letters.slice(0, number).join("")}…` : "";
  }

  function addToWalk(group, cell, area) {
    group.setAttribute("role", canZoom(cell) ? "button" : "img");
    group.setAttribute("tabindex", "-1");
    group.setAttribute("aria-label", describe(cell).join(", "));
    areas.push({ cell, area, group });
  }

  function describe(cell) {
    const lines = [cell.shape === MORE ? `${cell.parent.parent ? cell.parent.path + words.joint : ""}${labelOf(cell)}` : cell.path];
    if (cell.isGone && cell !== cells[0]) return [...lines, `${plural(cell.before, TOKEN)} before`, "removed"];
    const shares = [plural(cell.tokens, TOKEN), `${cell.ofTotal}% of total`];
    if (cell.parent && cell.parent.parent) shares.push(`${cell.ofParent}% of ${labelOf(cell.parent)}`);
    lines.push(shares.join(" · "));
    if (cell.shape === BRANCH) lines.push(plural(cell.items, words.item));
    if (cell.shape === MORE) lines.push("too small to show each");
    if (cell.shape === MORE && cell.before) lines.push(`and ${plural(cell.before, TOKEN)} removed`);
    if (settings.compared && cell.shape !== MORE) {
      const change = cell.tokens - (cell.before ?? 0);
      lines.push(change ? `${formatChange(change)} (${cell.growth})` : "no change");
    }
    return lines;
  }

  function canZoom(cell) {
    return cell.shape === BRANCH && cell.children[colours].length > 0 && cell !== view;
  }

  // What a click on a cell shows: the branch itself, or the one that a leaf is in.
  function targetOf(cell) {
    const branch = cell.shape === BRANCH ? cell : cell.parent;
    return canZoom(branch) ? branch : null;
  }

  function cellAt(event) {
    const group = event.target.closest("[data-cell]");
    return group ? cells[Number(group.dataset.cell)] : null;
  }

  function setCurrent(number) {
    areas[current]?.group.setAttribute("tabindex", "-1");
    current = number;
    areas[current]?.group.setAttribute("tabindex", "0");
  }

  function placeRing() {
    const ring = svg.querySelector("#ring");
    const found = areas.find(({ group }) => group === document.activeElement && group.matches(":focus-visible"));
    ring.classList.toggle("on", Boolean(found));
    if (!found) return;
    ring.setAttribute("x", found.area.x + 1);
    ring.setAttribute("y", found.area.y + 1);
    ring.setAttribute("width", Math.max(found.area.width - 3, 1));
    ring.setAttribute("height", Math.max(found.area.height - 3, 1));
  }

  // The nearest cell on that side; one straight ahead is nearer than one aside.
  function walk([dx, dy]) {
    const from = areas[current].area;
    let best = -1;
    let least = Infinity;
    areas.forEach(({ area }, number) => {
      const ahead = dx ? dx * (centre(area)[0] - centre(from)[0]) : dy * (centre(area)[1] - centre(from)[1]);
      const overlaps = dx
        ? area.y < from.y + from.height && from.y < area.y + area.height
        : area.x < from.x + from.width && from.x < area.x + area.width;
      const aside = dx ? Math.abs(centre(area)[1] - centre(from)[1]) : Math.abs(centre(area)[0] - centre(from)[0]);
      const distance = ahead + aside * (overlaps ? 0.2 : 4);
      if (number !== current && ahead > 0 && distance < least) [best, least] = [number, distance];
    });
    if (best >= 0) {
      setCurrent(best);
      areas[best].group.focus();
    }
  }

  function centre(area) {
    return [area.x + area.width / 2, area.y + area.height / 2];
  }

  function showTip(cell, x, y) {
    tip.replaceChildren(...describe(cell).map((line, number) => make("p", number ? "" : "name", line)));
    tip.hidden = false;
    const room = { width: document.documentElement.clientWidth, height: window.innerHeight };
    const left = x + 14 + tip.offsetWidth > room.width ? Math.max(room.width - tip.offsetWidth - 4, 4) : x + 14;
    const below = y + 18 + tip.offsetHeight <= room.height;
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? y + 18 : Math.max(y - tip.offsetHeight - 12, 4)}px`;
  }

  function hideTip() {
    tip.hidden = true;
  }

  // Show a branch. It grows out of where it was, or what fills the map shrinks to where it is.
  function show(branch, hasFocus) {
    const from = view;
    const area = areas.find(({ cell }) => cell === branch)?.area;
    view = branch;
    hideTip();
    draw();
    const back = areas.find(({ cell }) => cell === from || isBelow(from, cell));
    if (area) animate(svg.firstChild, area);
    if (back) setCurrent(areas.indexOf(back));
    if (hasFocus) areas[current]?.group.focus();
    placeRing();
  }

  function isBelow(cell, branch) {
    for (let above = cell.parent; above; above = above.parent) if (above === branch) return true;
    return false;
  }

  function animate(layer, area) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const across = area.width / host.clientWidth;
    const down = area.height / host.clientHeight;
    layer.animate(
      [{ transform: `translate(${area.x}px, ${area.y}px) scale(${across}, ${down})`, opacity: 0.4 },
        { transform: "none", opacity: 1 }],
      { duration: 220, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" },
    );
  }

  svg.addEventListener("click", (event) => {
    const cell = cellAt(event);
    const target = cell && targetOf(cell);
    if (target) settings.go(target, false);
  });
  svg.addEventListener("pointermove", (event) => {
    const cell = cellAt(event);
    if (cell) showTip(cell, event.clientX, event.clientY);
    else hideTip();
  });
  svg.addEventListener("pointerleave", hideTip);
  svg.addEventListener("focusin", () => {
    const found = areas.findIndex(({ group }) => group === document.activeElement);
    if (found >= 0) setCurrent(found);
    placeRing();
    const { cell, group } = areas[current];
    if (!group.matches(":focus-visible")) return;
    const box = group.getBoundingClientRect();
    showTip(cell, box.left + Math.min(box.width / 2, 80), box.top + Math.min(box.height / 2, 60));
  });
  svg.addEventListener("focusout", () => {
    hideTip();
    placeRing();
  });
  svg.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !areas.length) return;
    const { cell } = areas[current];
    if (event.key in ARROWS) walk(ARROWS[event.key]);
    else if (event.key === "Enter" || event.key === " ") {
      if (canZoom(cell)) settings.go(cell, true);
    } else if (event.key === "Escape" || event.key === "Backspace") {
      if (view.parent) settings.go(view.parent, true);
    } else return;
    event.preventDefault();
  });
  new ResizeObserver(() => draw()).observe(host);

  return {
    show,
    get view() {
      return view;
    },
    colourBy(name) {
      colours = name;
      let branch = view;
      while (branch.parent && !branch.children[name].length) branch = branch.parent;
      if (branch === view) draw();
      else settings.go(branch, false); // nothing of it is in this view
    },
    get colours() {
      return colours;
    },
  };
}
