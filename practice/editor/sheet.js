// What lies around and beneath the textarea: numbers, marked rows, and the text in colour.

const FEWEST_ROWS = 8;
const MOST_ROWS = 30;
// Lines above and below those in sight that are drawn as well.
const SPARE_ROWS = 30;
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
    this.top = 0;
    this.marked = "";
  }

  /** The quote that is open where the line with this index, counted from zero, begins. */
  openAt(index) {
    return this.lines[index - 1]?.open ?? "";
  }

  scrollTo(left, top) {
    this.top = top;
    this.paint();
    this.colours.style.transform = `translate(${-left}px, ${-top}px)`;
    this.numbers.style.transform = this.rows.style.transform = `translateY(${-top}px)`;
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
    const gone = old.slice(head, old.length - tail);
    const below = old.slice(old.length - tail);
    let open = head ? old[head - 1].open : "";
    const fresh = texts.slice(head, texts.length - tail).map((text, index) => {
      const line = lineOf(text, open, gone[index]?.node);
      open = line.open;
      return line;
    });
    for (const { node } of gone.slice(fresh.length)) node.remove();
    const next = below[0]?.node ?? null;
    const added = document.createDocumentFragment();
    added.append(...fresh.slice(gone.length).map(({ node }) => node));
    this.colours.insertBefore(added, next);
    // A quote that was opened or closed changes what the lines below it are.
    for (const [index, line] of below.entries()) {
      if (line.opened === open) break;
      below[index] = lineOf(line.text, open, line.node);
      open = below[index].open;
    }
    this.lines = [...old.slice(0, head), ...fresh, ...below];
    this.paint();
    this.drawNumbers();
  }

  /** Draw the lines in sight: the pieces of a whole long program would freeze the page. */
  paint() {
    const first = Math.floor(this.top / this.rowHeight());
    const from = Math.max(0, first - SPARE_ROWS);
    for (const line of this.lines.slice(from, first + MOST_ROWS + SPARE_ROWS)) {
      if (line.pieces) drawPieces(line.node, line.pieces);
      line.pieces = null;
    }
  }

  rowHeight() {
    this.height ||= parseFloat(getComputedStyle(this.colours).lineHeight);
    return this.height || 1;
  }

  drawNumbers() {
    const { numbers, lines } = this;
    while (numbers.childElementCount > lines.length) numbers.lastElementChild.remove();
    const missing = lines.length - numbers.childElementCount;
    const next = numbers.childElementCount + 1;
    const added = document.createDocumentFragment();
    for (let number = next; number < next + missing; number++)
      added.append(element("span", "line-number", String(number)));
    numbers.append(added);
    const rows = Math.min(Math.max(lines.length, FEWEST_ROWS), MOST_ROWS);
    this.root.style.setProperty("--rows", rows);
    this.root.style.setProperty("--digits", Math.max(2, String(lines.length).length));
  }

  /** Mark lines, counted from one, and say what is wrong; `name` is what a line is called. */
  drawMarks(marks, name) {
    const wanted = JSON.stringify([marks, name]);
    // What has not changed is not to be read out again.
    if (wanted === this.marked) return;
    this.marked = wanted;
    const lines = new Set(marks.map(({ line }) => line));
    for (const [index, number] of [...this.numbers.children].entries())
      number.classList.toggle("is-marked", lines.has(index + 1));
    this.rows.replaceChildren(
      ...[...lines].map((line) => {
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

/** A line of the program, not drawn yet, in the element of another one if there is one. */
function lineOf(text, opened, node = element("span", "line")) {
  return { text, opened, ...cut(text, opened), node };
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
