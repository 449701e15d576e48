// The stepper, for a notebook's output, a saved page and the live widget alike.
//
// upgrade(root) turns an element that holds the picture as an <img> and the walk, packed, into the stepper. Python has
// computed every number and every word; what is left to do here is to show, at each step, what is known by then and to
// hide the rest.
// Everything is looked up inside the root: several steppers on one page know nothing of one another.

const iconButton = (action, key, path) => `
  <button type="button" data-action="${action}" aria-label="${action} step" title="${action} step (${key})">
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${path}"/></svg>
  </button>`;

const CONTROLS = `
  <div class="bar">
    <span class="buttons">
      ${iconButton("first", "Home", "M2 2h2v12H2zM14 2v12L5 8z")}
      ${iconButton("previous", "←", "M12 2v12L3 8z")}
      <button type="button" data-action="play" title="play or pause (space)">Play</button>
      ${iconButton("next", "→", "M4 2v12l9-6z")}
      ${iconButton("last", "End", "M12 2h2v12h-2zM2 2v12l9-6z")}
    </span>
    <input type="range" min="0" step="1" aria-label="step">
    <span class="count"></span>
    <button type="button" data-action="predict" aria-pressed="false"
      title="ask for each number before it is shown">Predict, then reveal</button>
  </div>
  <div class="room said"><p class="sentence" role="status" aria-live="polite"></p></div>
  <form class="prediction" hidden>
    <label>Your number <input type="text" inputmode="text" size="8" autocomplete="off" spellcheck="false"></label>
    <button data-action="answer">Check it</button>
    <button type="button" data-action="reveal">Reveal</button>
    <span class="feedback" role="status" aria-live="polite"></span>
  </form>
  <div class="equations" aria-hidden="true">
    <div><span class="equation"></span><span class="addition"></span></div>
    <div class="longest"><span></span><span></span></div>
  </div>
  <div class="room"><p class="note"></p></div>
  <div class="picture"></div>
  <div class="bar">
    <label>Value <select></select></label>
    <button type="button" data-action="check">Check by finite difference</button>
  </div>
  <dl class="difference" role="status" aria-live="polite" hidden></dl>
`;

const SECONDS_A_STEP = 1.6;

async function upgrade(root) {
  root.classList.add("ready");
  const packed = bytesOf(root.querySelector("script[type='application/zlib']").textContent);
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  stepper(root, await new Response(unpacked).json());
}

function stepper(root, walk) {
  let at = 0; // the step shown
  let asking = false; // whether its number is still to be predicted
  let predicting = false;
  let chosen = null; // the value that was asked about last
  let timer = null;
  let taken; // the places in the picture where something stands

  const svg = pictureOf(root.querySelector("img"));
  root.querySelector("img").remove();
  root.insertAdjacentHTML("beforeend", CONTROLS);
  set(root, { tabindex: 0, role: "group", "aria-label": "stepping through the forward and the backward pass" });
  set(root, { "data-lm-suppress-shortcuts": "true" }); // JupyterLab's keys are not meant for what has the focus here
  const find = (selector) => root.querySelector(selector);
  const button = (action) => find(`[data-action="${action}"]`);
  const slider = find("input[type=range]");
  const prediction = find(".prediction");
  const guess = prediction.querySelector("input");
  const select = find("select");
  const width = (svg.viewBox.baseVal.width * 4) / 3; // Graphviz counts in points
  set(svg, { style: `width: clamp(${0.7 * width}px, 100%, ${width}px)`, width });
  svg.removeAttribute("height");
  find(".picture").append(svg);

  const parts = new Map();
  for (const part of svg.querySelectorAll("g[id]")) parts.set(part.id, part);
  for (const title of svg.querySelectorAll("g[id] > title")) title.textContent = title.textContent.split("\n")[0];
  for (const [i, name] of walk.names.entries()) select.add(new Option(name, i));

  const last = () => walk.steps.length - 1;
  const forward = () => at <= Math.max(...walk.known);

  // Keep the room that some steps need, so that nothing moves from one to the next.
  function keepRoom() {
    const longest = (texts) => texts.reduce((most, text) => (text.length > most.length ? text : most), "");
    const said = walk.steps.flatMap((step) => [step.sentence, step.question]);
    find(".sentence").parentNode.dataset.longest = longest(said);
    find(".note").parentNode.dataset.longest = longest(walk.steps.map((step) => step.note));

    const width = (terms) => terms.reduce((sum, texts) => sum + 2 + Math.max(...texts.map((text) => text.length)), 0);
    const widths = walk.steps.map((step) => width([...step.equation, ...step.addition]));
    const { equation, addition } = walk.steps[widths.indexOf(Math.max(...widths))];
    const [first, second] = find(".equations .longest").children;
    first.replaceChildren(...equation.map(column));
    second.replaceChildren(...addition.map(column));
  }

  // ---- moving

  function go(step, ask = false) {
    at = Math.min(Math.max(step, 0), last());
    asking = ask && predicting && walk.steps[at].question !== "";
    guess.value = find(".feedback").textContent = "";
    show();
    if (asking) guess.focus({ preventScroll: true });
  }

  function next() {
    if (asking) reveal();
    else if (at < last()) go(at + 1, true);
    if (asking || at === last()) pause();
  }

  function reveal() {
    asking = false;
    show();
    if (!find(":focus")) root.focus({ preventScroll: true });
  }

  function play() {
    if (timer) return pause();
    if (at === last()) go(0);
    timer = setInterval(() => (root.isConnected ? next() : pause()), 1000 * SECONDS_A_STEP);
    button("play").textContent = "Pause";
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    button("play").textContent = "Play";
  }

  function predict() {
    pause();
    predicting = !predicting;
    button("predict").setAttribute("aria-pressed", predicting);
    if (asking) reveal();
    if (predicting) at === last() ? go(0) : show();
  }

  function answer() {
    const step = walk.steps[at];
    const number = Number(guess.value.trim().replace("−", "-").replace(",", "."));
    const feedback = find(".feedback");
    if (guess.value.trim() === "" || Number.isNaN(number)) {
      feedback.textContent = "Type a number, such as -0.25.";
    } else if (Math.abs(number - step.answer) > step.within * (1 + 1e-9)) {
      feedback.textContent = "Not yet. Try again, or reveal it.";
    } else {
      reveal();
      feedback.textContent = `Right: ${step.equation.at(-1)[2]}.`;
      button("next").focus({ preventScroll: true });
    }
  }

  // A value stands for the step that computes it or, in the backward pass, for the one that completes its gradient;
  // a gate for the step that computes with it or for the first that it sends a gradient.
  function visit(i, isGate = false) {
    chosen = select.value = i;
    pause();
    const sends = walk.steps.findIndex((step) => step.phase === "backward" && step.gate === i);
    if (forward()) go(walk.known[i]);
    else go(isGate && sends >= 0 ? sends : walk.gradients[i].at(-1)[0]);
    if (!find(".difference").hidden) check();
  }

  function check() {
    chosen = select.value;
    const { value, chain, difference, formula, verdict } = walk.checks[select.value];
    const rows = [[value, ""], ["chain rule", chain], [`finite difference ${formula}`, difference], ["", verdict]];
    const list = find(".difference");
    list.replaceChildren(...rows.flatMap(([term, text]) => [element("dt", "", term), element("dd", "", text)]));
    list.hidden = false;
    for (const [id, part] of parts) part.classList.toggle("selected", id === `v${chosen}`);
  }

  // ---- showing

  function show() {
    const step = walk.steps[at];
    const by = asking ? at - 1 : at; // the step up to which all is shown
    const focused = root.getRootNode().activeElement;
    slider.max = last();
    slider.value = at;
    slider.setAttribute("aria-valuetext", `${at + 1} of ${walk.steps.length}`);
    find(".count").textContent = `${at + 1} / ${walk.steps.length}`;
    find(".sentence").textContent = asking ? step.question : step.sentence;
    find(".note").textContent = asking ? "" : step.note;
    root.dataset.phase = step.phase;
    prediction.hidden = !predicting;
    button("reveal").disabled = button("answer").disabled = guess.disabled = !asking;
    button("previous").disabled = button("first").disabled = at === 0;
    button("next").disabled = button("last").disabled = at === last() && !asking;
    if (focused?.disabled && root.contains(focused)) root.focus({ preventScroll: true });

    const equation = step.equation.map(([word, symbols, number], k) =>
      [word, symbols, asking && k === step.equation.length - 1 ? "?" : number]);
    find(".equation").replaceChildren(...equation.map(column));
    find(".addition").replaceChildren(...(asking ? [] : step.addition).map(column));

    for (const [i, gradient] of walk.gradients.entries()) {
      write(`v${i}`, "data", walk.known[i] <= by ? walk.data[i] : "?");
      write(`v${i}`, "grad", gradient.findLast(([from]) => from <= by)?.[1] ?? "·");
    }
    for (const [id, part] of parts) {
      part.classList.toggle("lit", step.lit.includes(id));
      part.classList.toggle("current", id === `g${step.gate}`);
      part.classList.toggle("selected", id === `v${chosen}`);
      if (id[0] === "w") write(id, "local", walk.sent[id] <= by && id !== step.lit[1] ? walk.slopes[id] : "");
    }
    svg.querySelector(".product")?.remove();
    if (step.phase === "backward") writeOnWire(parts.get(step.lit[1]), equation);
    bringIntoView(parts.get(step.lit[0]));
  }

  function write(id, kind, text) {
    const place = parts.get(id)?.querySelector(`text.${kind}`);
    if (place && place.textContent !== text) place.textContent = text;
  }

  // upstream × local = downstream, in symbols and in numbers, beside the middle of its wire
  function writeOnWire(wire, equation) {
    const path = wire?.querySelector("path");
    if (!path) return;
    const way = [...Array(11).keys()].map((k) => path.getPointAtLength((path.getTotalLength() * k) / 10));
    const middle = way[5];
    const drawn = (tag, kind, text) => element(tag, kind, text, svg.namespaceURI);
    const short = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);
    const lines = [1, 2].map((k) => equation.map((term) => short(term[k])).join(" "));
    const texts = [drawn("text", "symbols", lines[0]), drawn("text", "numbers", lines[1])];
    const [pointer, card, product] = [drawn("line", "pointer"), drawn("rect", "card"), drawn("g", "product")];
    product.append(pointer, card, ...texts);
    wire.parentNode.append(product);

    const width = Math.max(...texts.map((text) => text.getComputedTextLength())) + 12;
    const { x, y } = freePlace(way, width, 30);
    set(pointer, { x1: middle.x, y1: middle.y, x2: x, y2: y });
    set(card, { x: x - width / 2, y: y - 15, width, height: 30, rx: 5 });
    texts.forEach((text, line) => set(text, { x, y: y - 3 + 13 * line }));
  }

  // Where a card of this size covers the least of what is drawn and of its wire, and then the nearest such place.
  function freePlace(way, width, height) {
    const middle = way[5];
    taken ??= [...svg.querySelectorAll("g.node, text.local")].map((part) => part.getBBox());
    const boxes = [...taken, ...way.map(({ x, y }) => ({ x: x - 2, y: y - 2, width: 4, height: 4 }))];
    const covered = (place) => boxes.reduce((sum, box) => {
      const across = Math.min(box.x + box.width, place.x + width / 2) - Math.max(box.x, place.x - width / 2);
      const down = Math.min(box.y + box.height, place.y + height / 2) - Math.max(box.y, place.y - height / 2);
      return sum + Math.max(across, 0) * Math.max(down, 0);
    }, 0);
    const cost = (place) => 10 * covered(place) + Math.hypot(place.x - middle.x, 1.5 * (place.y - middle.y));
    const paper = svg.querySelector(".card").getBBox();
    const inside = (place) => Math.abs(place.x - paper.x - paper.width / 2) < (paper.width - width) / 2 + 20
      && Math.abs(place.y - paper.y - paper.height / 2) < (paper.height - height) / 2 + 30;
    const places = [];
    for (let dx = -120; dx <= 120; dx += 15) {
      for (let dy = -75; dy <= 75; dy += 15) places.push({ x: middle.x + dx, y: middle.y + dy });
    }
    return places.filter(inside).reduce((best, place) => (cost(place) < cost(best) ? place : best), middle);
  }

  // The picture scrolls where it is larger than its place; the page stays where it is.
  function bringIntoView(part) {
    const frame = find(".picture");
    if (!part) return;
    const [inner, outer] = [part.getBoundingClientRect(), frame.getBoundingClientRect()];
    const left = frame.scrollLeft + (inner.left + inner.right - outer.left - outer.right) / 2;
    const top = frame.scrollTop + (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    frame.scrollTo({ left, top, behavior: calm ? "auto" : "smooth" });
  }

  // ---- listening

  const actions = {
    first: () => go(0), previous: () => go(at - 1), next, last: () => go(last()), play, predict, reveal, check,
  };
  root.addEventListener("click", (event) => {
    const action = event.target.closest("button")?.dataset.action;
    if (action && action !== "play" && action !== "check") pause();
    actions[action]?.();
    const part = event.target.closest(".picture g.value, .picture g.gate");
    if (part) visit(Number(part.id.slice(1)), part.id[0] === "g");
  });
  slider.addEventListener("input", () => (pause(), go(Number(slider.value))));
  select.addEventListener("change", () => visit(Number(select.value)));
  prediction.addEventListener("submit", (event) => (event.preventDefault(), answer()));

  const keys = {
    ArrowRight: "next", ArrowDown: "next", ArrowLeft: "previous", ArrowUp: "previous", Home: "first", End: "last",
    " ": "play",
  };
  root.addEventListener("keydown", (event) => {
    event.stopPropagation(); // a notebook has uses of its own for Enter
    const onButton = event.target.matches("button") && event.key === " ";
    if (event.target.matches("input, select") || onButton || !keys[event.key]) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (keys[event.key] !== "play") pause();
    actions[keys[event.key]]();
  });

  keepRoom();
  show();
  return (changed) => {
    walk = changed;
    asking = false;
    keepRoom();
    show();
    if (!find(".difference").hidden) check();
  };
}

// The same picture that the <img> shows, as elements that can be lit.
function pictureOf(image) {
  const bytes = bytesOf(image.src.split(",")[1]);
  const picture = new DOMParser().parseFromString(new TextDecoder().decode(bytes), "image/svg+xml");
  return document.importNode(picture.documentElement, true);
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function column([word, symbols, number]) {
  const cell = element("span", `term ${word || "sign"}`);
  cell.append(...Object.entries({ word, symbols, number }).map(([kind, text]) => element("span", kind, text)));
  return cell;
}

function element(tag, className = "", text = "", space = document.documentElement.namespaceURI) {
  const made = document.createElementNS(space, tag);
  if (className) made.setAttribute("class", className);
  made.textContent = text;
  return made;
}

function set(part, attributes) {
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
}

// The live widget: a slider for each input. Python answers every move with the walk through the graph as it is then.
function render({ model, el }) {
  el.innerHTML = model.get("fragment");
  const root = el.querySelector(".stepper");
  root.classList.add("ready"); // no script of another output shall upgrade it again
  const update = stepper(root, model.get("walk"));
  const inputs = element("fieldset", "sliders");
  inputs.append(element("legend", "", "inputs"));
  for (const [place, { name, number, least, most }] of model.get("inputs").entries()) {
    const label = element("label", "", name);
    const slider = element("input");
    const shown = element("output", "", number);
    Object.assign(slider, { type: "range", min: least, max: most, step: (most - least) / 400, value: number });
    slider.addEventListener("input", () => {
      shown.textContent = Number(Number(slider.value).toPrecision(4));
      model.set("moved", { place, number: Number(slider.value), move: model.get("moved").move + 1 });
      model.save_changes();
    });
    label.append(slider, shown);
    inputs.append(label);
  }
  const trouble = element("p", "trouble");
  trouble.setAttribute("role", "alert");
  root.prepend(inputs, trouble);
  model.on("change:walk", () => update(model.get("walk")));
  model.on("change:trouble", () => (trouble.textContent = model.get("trouble")));
}
