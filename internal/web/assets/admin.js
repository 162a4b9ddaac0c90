// What administrators' pages do more comfortably with a script: the list of
// users follows what is typed into its search, a link can be copied and a slip
// printed.
for (const form of document.querySelectorAll("form[data-search]")) {
  let asked = 0;
  let timer = 0;
  const show = () => {
    const address = new URL(form.action);
    for (const [name, value] of new FormData(form)) {
      if (value !== "") {
        address.searchParams.set(name, value);
      }
    }
    const mine = ++asked;
    const request = new XMLHttpRequest();
    request.responseType = "document"; // parsed without any script in it
    request.addEventListener("load", () => {
      const found = request.response?.getElementById(form.dataset.search);
      if (mine === asked && request.status === 200 && found) {
        document.getElementById(form.dataset.search).replaceWith(document.adoptNode(found));
        history.replaceState(null, "", address);
      }
    });
    request.open("GET", address);
    request.send();
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 250);
  });
}

// What is to be handed over can be copied where the browser allows it.
for (const row of document.querySelectorAll("[data-copy]")) {
  const input = document.getElementById(row.dataset.copy);
  const [button, said] = row.children;
  row.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "Select it and copy it by hand.";
    }
  });
}

// The second click of a double click would ask for what is shown once a second
// time, and its answer cannot show it.
let sentAt = -Infinity;
document.addEventListener("submit", (event) => {
  if (!event.target.elements.once) {
    return;
  }
  if (event.timeStamp - sentAt < 2000) {
    event.preventDefault();
  } else {
    sentAt = event.timeStamp;
  }
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A file is sent in the background, so that one sees how far it is. What the
// server answers is a page, whose content takes the place of this one's.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-upload]") || !form.elements.file.files.length) {
    return;
  }
  event.preventDefault();
  const fields = new FormData(form, event.submitter);
  const bar = form.querySelector("progress");
  for (const button of form.querySelectorAll("button")) {
    button.disabled = true;
  }
  bar.hidden = false;
  const request = new XMLHttpRequest();
  request.responseType = "document";
  request.upload.addEventListener("progress", (done) => {
    bar.value = done.loaded / done.total;
  });
  request.upload.addEventListener("load", () => bar.removeAttribute("value")); // and now the server works
  request.addEventListener("load", () => {
    const found = request.response?.getElementById("main");
    if (!found || new URL(request.responseURL).pathname !== location.pathname) {
      location.assign(request.responseURL || location.href);
      return;
    }
    document.getElementById("main").replaceWith(document.adoptNode(found));
    document.querySelector("[role=alert], [role=status]")?.scrollIntoView({ block: "center" });
  });
  request.addEventListener("error", () => location.reload());
  request.open("POST", form.action);
  request.send(fields);
});
