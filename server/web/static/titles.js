// Suggestions for a form with data-titles="address": the address is asked for
// what was typed, and answers {"titles": [{"name", "detail"}]}. Without this
// script the form works as well: the server finds the title by its name.

for (const form of document.querySelectorAll("form[data-titles]")) {
  const input = form.querySelector('input[name="title"]');
  const list = document.createElement("datalist");
  list.id = "titles";
  form.append(list);
  input.setAttribute("list", list.id);
  let asked = "";
  let timer;
  const ask = async () => {
    const q = input.value.trim();
    if (q === asked) return;
    asked = q;
    if (!q) return list.replaceChildren();
    const answer = await fetch(`${form.dataset.titles}?q=${encodeURIComponent(q)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    const found = answer?.ok && !answer.redirected ? await answer.json().catch(() => null) : null;
    if (!found || asked !== q) return; // nothing came, or more was typed meanwhile
    list.replaceChildren(...found.titles.map((t) => Object.assign(document.createElement("option"), { value: t.name, label: t.detail })));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
}
