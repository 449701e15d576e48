// Marks the answers on the page of an exercise. Python has computed every number, what rounding may do to it, and every
// hint; what is left to do here is to compare, to say which answer is wrong, and to write right ones into the picture.

const root = document.querySelector(".exercise");
const form = root.querySelector("form");
const bytes = Uint8Array.from(atob(root.querySelector(".key").textContent), (character) => character.charCodeAt(0));
const key = JSON.parse(new TextDecoder().decode(bytes));
const fields = Object.keys(key).map((id) => form.querySelector(`[data-key="${id}"]`)); // in the order of both passes

const svg = root.querySelector("svg");
const width = (svg.viewBox.baseVal.width * 4) / 3; // Graphviz counts in points
svg.style.width = `clamp(${0.7 * width}px, 100%, ${width}px)`;

// What was typed as a number: -4, −0.25, 0,5 or 3/4. NaN for anything else.
function read(text) {
  const parts = text.trim().replaceAll("−", "-").replaceAll(",", ".").split("/");
  const numbers = parts.map((part) => (part.trim() === "" ? NaN : Number(part)));
  return parts.length > 2 ? NaN : numbers.length === 2 ? numbers[0] / numbers[1] : numbers[0];
}

const close = (answer, number, allowed) => Math.abs(answer - number) <= allowed;

function verdict(field) {
  const { number, allowed } = key[field.dataset.key];
  if (field.value.trim() === "") return "blank";
  const answer = read(field.value);
  if (!Number.isFinite(answer)) return "unread";
  return close(answer, number, allowed) ? "right" : "wrong";
}

// The first thing to do about a wrong answer: what it is made of, then the slip it may have been, then the gate.
function hint(field, verdicts) {
  const { needs, look, slips } = key[field.dataset.key];
  const first = needs.find((need) => verdicts.get(need) === "wrong");
  if (first) return `It is made of ${nameOf(first)}, which is not right yet: mend that first.`;
  const answer = read(field.value);
  const slip = slips.find(([number, allowed]) => close(answer, number, allowed));
  return slip ? `${look} Perhaps ${slip[2]}.` : look;
}

const nameOf = (id) => (id.startsWith("value") ? `the value of ${key[id].name}` : key[id].name);

function mark() {
  const verdicts = new Map(fields.map((field) => [field.dataset.key, verdict(field)]));
  const lines = [];
  for (const field of fields) {
    const said = verdicts.get(field.dataset.key);
    show(field, said);
    if (said === "unread") lines.push([field, "That is not a number. Write it as -4, 0.25 or 3/4."]);
    if (said === "wrong") lines.push([field, hint(field, verdicts)]);
  }
  say(summary([...verdicts.values()]), lines);
}

function show(field, said) {
  const { shown } = key[field.dataset.key];
  const wrong = said === "wrong" || said === "unread";
  field.closest("td").dataset.verdict = said;
  field.parentNode.querySelector(".mark").textContent = said === "right" ? "✓" : wrong ? "✗" : "";
  field.setAttribute("aria-invalid", wrong);
  field.removeAttribute("aria-describedby");
  const place = root.querySelector(`#${field.dataset.place} text.${field.dataset.kind}`);
  place.textContent = said === "right" || said === "shown" ? shown : "?";
}

function summary(verdicts) {
  const count = (said) => verdicts.filter((one) => one === said).length;
  const [right, blank] = [count("right"), count("blank")];
  if (right === verdicts.length) return `All ${right} right. Well done.`;
  const left = blank ? `, ${blank} not answered yet` : "";
  return `${right} of ${verdicts.length} right${left}.`;
}

function say(sentence, lines) {
  form.querySelector(".summary").textContent = sentence;
  const items = lines.map(([field, text], i) => {
    const item = document.createElement("li");
    const name = document.createElement("b");
    item.id = `hint-${i}`;
    field.setAttribute("aria-describedby", item.id);
    name.textContent = nameOf(field.dataset.key);
    item.append(name, `: ${text}`);
    return item;
  });
  form.querySelector(".hints").replaceChildren(...items);
}

function reveal() {
  for (const field of fields) {
    const found = verdict(field) === "right" && field.closest("td").dataset.verdict !== "shown";
    field.value = key[field.dataset.key].shown;
    show(field, found ? "right" : "shown");
  }
  say("These are the answers. Another seed gives another exercise.", []);
}

root.querySelector(".unmarked").remove();
form.querySelector(".buttons").hidden = false;
form.addEventListener("submit", (event) => (event.preventDefault(), mark()));
form.querySelector("[data-action=reveal]").addEventListener("click", reveal);
