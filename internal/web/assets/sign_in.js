// What makes a form with a password more comfortable.

// A password can be looked at while it is typed, a new one together with its
// confirmation.
for (const input of document.querySelectorAll("input[type=password]")) {
  const alike = [...input.form.elements].filter((e) => e.type === "password" && e.autocomplete === input.autocomplete);
  if (alike[0] !== input || input.closest("dialog")) {
    continue;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link show";
  const word = document.createElement("span"); // left out where there is no room
  word.textContent = " password";
  button.append("Show", word);
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    for (const one of alike) {
      one.type = shown ? "password" : "text";
    }
    button.firstChild.data = shown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!shown));
  });
  input.form.addEventListener("submit", () => {
    for (const one of alike) {
      one.type = "password"; // so that browsers know what they keep
    }
  });
  input.after(button);
}

// A wait counts down where it stands. It was announced when the page came; it
// is not again with each second (aria-live), but once when it is over.
const units = [["hour", 3600], ["minute", 60], ["second", 1]];

function inWords(seconds) {
  let left = seconds > 3600 ? Math.ceil(seconds / 60) * 60 : seconds;
  const words = [];
  for (const [name, length] of units) {
    const n = Math.floor(left / length);
    left -= n * length;
    if (n > 0) {
      words.push(n + " " + name + (n > 1 ? "s" : ""));
    }
  }
  return words.join(" ");
}

for (const note of document.querySelectorAll("[data-wait]")) {
  const end = Date.now() + note.dataset.wait * 1000;
  const [before, after] = note.textContent.split(inWords(Number(note.dataset.wait)));
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0 && after !== undefined) {
      note.setAttribute("aria-live", "off");
      note.textContent = before + inWords(left) + after;
      setTimeout(tick, 1000 - ((Date.now() - end) % 1000 + 1000) % 1000);
      return;
    }
    note.className = "note";
    note.setAttribute("aria-live", "polite");
    note.textContent = "You can try again now.";
  };
  setTimeout(tick, 1000);
}
