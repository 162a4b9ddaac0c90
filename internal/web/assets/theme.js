// The half circle changes the theme in place, so that what was typed on the
// page stays. Without this, the form does it and the page comes again.
const root = document.documentElement;
const scheme = document.querySelector("meta[name=color-scheme]");
let sent = Promise.resolve(); // the last choice, so that none overtakes it
const following = { light: "dark", dark: "system", system: "light" };

for (const form of document.querySelectorAll("form.theme")) {
  const button = form.elements.theme;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const theme = button.value;
    const body = new URLSearchParams({ theme });
    const send = () => fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true });
    sent = sent.then(send).catch(() => {});
    if (theme === "system") {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = theme;
    }
    scheme.content = theme === "system" ? "light dark" : theme;
    button.value = following[theme];
    button.title = button.querySelector(".unseen").textContent = "Theme: " + theme;
  });
}
