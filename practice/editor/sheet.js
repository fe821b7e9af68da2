// What lies around and beneath the textarea: numbers, marked rows, and the text in colour.

const FEWEST_ROWS = 8;
const MOST_ROWS = 30;
// Lines above and below those in sight that are drawn as well: a program of a lesson is drawn whole,
// and of one with thousands of lines no more than can be done in a moment.
const SPARE_ROWS = 200;
const DRAWN_ROWS = MOST_ROWS + 2 * SPARE_ROWS;
// What stands further right in a line than this many pieces is not coloured.
const MOST_PIECES = 500;

class Sheet {
  constructor(root) {
    this.root = root;
    this.numbers = root.querySelector(".numbers");
    this.rows = root.querySelector(".rows");
    this.colours = root.querySelector(".colours");
    this.messages = root.querySelector(".marks");
    this.lines = [];
    // Which line, counted from zero, is the first that is drawn, and what each element shows.
    this.from = 0;
    this.drawn = [];
    this.left = this.top = 0;
    this.marked = "";
    this.markedLines = new Set();
  }

  /** The quote that is open where the line with this index, counted from zero, begins. */
  openAt(index) {
    return this.lines[index - 1]?.open ?? "";
  }

  scrollTo(left, top) {
    this.left = left;
    this.top = top;
    this.paint();
  }

  /** Take in what has changed, the lines between the first and the last that differ; draw it. */
  drawText(text) {
    const texts = text.split("\n");
    const old = this.lines;
    const most = Math.min(old.length, texts.length);
    let head = 0;
    while (head < most && old[head].text === texts[head]) head++;
    let tail = 0;
    while (tail < most - head && old[old.length - 1 - tail].text === texts[texts.length - 1 - tail])
      tail++;
    const below = old.slice(old.length - tail);
    let open = head ? old[head - 1].open : "";
    const fresh = texts.slice(head, texts.length - tail).map((text) => {
      const line = lineOf(text, open);
      open = line.open;
      return line;
    });
    // A quote that was opened or closed changes what the lines below it are.
    for (const [index, line] of below.entries()) {
      if (line.opened === open) break;
      below[index] = lineOf(line.text, open);
      open = below[index].open;
    }
    this.lines = [...old.slice(0, head), ...fresh, ...below];
    const rows = Math.min(Math.max(this.lines.length, FEWEST_ROWS), MOST_ROWS);
    this.root.style.setProperty("--rows", rows);
    this.root.style.setProperty("--digits", Math.max(2, String(this.lines.length).length));
    this.paint();
  }

  /** Draw the lines around those in sight, and put them where they belong. */
  paint() {
    const { lines, numbers, colours } = this;
    const height = this.rowHeight();
    const first = Math.min(Math.floor(this.top / height), Math.max(0, lines.length - MOST_ROWS));
    if (first < this.from || first + MOST_ROWS > this.from + DRAWN_ROWS)
      this.from = Math.max(0, first - SPARE_ROWS);
    const shown = lines.slice(this.from, this.from + DRAWN_ROWS);
    addOrRemove(colours, shown.length, "line");
    addOrRemove(numbers, shown.length, "line-number");
    for (const [index, line] of shown.entries()) {
      if (this.drawn[index] !== line) drawPieces(colours.children[index], line.pieces);
      const number = this.from + index + 1;
      say(numbers.children[index], String(number));
      numbers.children[index].classList.toggle("is-marked", this.markedLines.has(number));
    }
    this.drawn = shown;
    const shift = this.top - this.from * height;
    colours.style.transform = `translate(${-this.left}px, ${-shift}px)`;
    numbers.style.transform = `translateY(${-shift}px)`;
    this.rows.style.transform = `translateY(${-this.top}px)`;
  }

  rowHeight() {
    this.height ||= parseFloat(getComputedStyle(this.colours).lineHeight);
    return this.height || 1;
  }

  /** Mark lines, counted from one, and say what is wrong; `name` is what a line is called. */
  drawMarks(marks, name) {
    const wanted = JSON.stringify([marks, name]);
    // What has not changed is not to be read out again.
    if (wanted === this.marked) return;
    this.marked = wanted;
    this.markedLines = new Set(marks.map(({ line }) => line));
    this.paint();
    this.rows.replaceChildren(
      ...[...this.markedLines].map((line) => {
        const row = element("div", "row");
        row.style.setProperty("--line", line);
        return row;
      }),
    );
    this.messages.replaceChildren(
      ...marks.map(({ line, message }) => {
        const said = element("p", "mark");
        const where = element("strong", "", name.replaceAll("{line}", String(line)));
        said.append(where, " ", message);
        return said;
      }),
    );
  }
}

/** What is known of a line of the program. */
function lineOf(text, opened) {
  const { pieces, open } = cut(text, opened);
  return { text, opened, open, pieces };
}

function addOrRemove(parent, wanted, kind) {
  while (parent.childElementCount > wanted) parent.lastElementChild.remove();
  const added = document.createDocumentFragment();
  for (let count = parent.childElementCount; count < wanted; count++)
    added.append(element("span", kind));
  parent.append(added);
}

/**
 * Draw a line's pieces.
 *
 * No node is removed: where one is, Chromium ends the step that undo takes back, and Ctrl+Z would
 * take one letter at a time.
 */
function drawPieces(node, pieces) {
  const spans = node.children;
  const drawn = pieces.slice(0, MOST_PIECES);
  if (drawn.length < pieces.length) {
    const rest = pieces.slice(MOST_PIECES).map(({ text }) => text);
    drawn.push({ kind: "", text: rest.join("") });
  }
  for (const [index, piece] of drawn.entries()) {
    if (index === spans.length) node.append(element("span", piece.kind, piece.text));
    else setPiece(spans[index], piece);
  }
  for (let index = drawn.length; index < spans.length; index++)
    setPiece(spans[index], { kind: "", text: "" });
}

function setPiece(span, { kind, text }) {
  if (span.className !== kind) span.className = kind;
  if (span.firstChild.data !== text) span.firstChild.data = text;
}

function element(tag, kind, text = "") {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.textContent = text;
  return made;
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
