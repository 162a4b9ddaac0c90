// What administrators' pages do more comfortably with a script: the list of
// users follows what is typed into its search, and a slip can be printed.
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

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
