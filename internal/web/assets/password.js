// Marks what a new password has of what is advised, while it is typed. Without
// a script the list just stands there. What is compulsory, the server decides.
const advised = {
  length: (text, least) => [...text.normalize("NFC")].length >= least,
  lower: (text) => /\p{Ll}/u.test(text),
  upper: (text) => /\p{Lu}/u.test(text),
  case: (text) => /\p{Ll}/u.test(text) && /\p{Lu}/u.test(text),
  digit: (text) => /\p{Nd}/u.test(text),
  special: (text) => /[^\p{L}\p{M}\p{Nd}]/u.test(text),
};

for (const list of document.querySelectorAll("[data-advice-for]")) {
  const input = document.getElementById(list.dataset.adviceFor);
  const items = [...list.querySelectorAll("[data-advice]")].map((item) => {
    const done = document.createElement("span"); // for those who cannot see the mark
    done.className = "unseen";
    item.append(done);
    return { item, done, has: advised[item.dataset.advice] };
  });
  const mark = () => {
    for (const { item, done, has } of items) {
      const met = has(input.value, Number(list.dataset.least));
      item.classList.toggle("met", met);
      done.textContent = met ? " (done)" : "";
    }
  };
  input.addEventListener("input", mark);
  mark();
}
