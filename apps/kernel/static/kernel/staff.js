// Names for what the theme's scripts build without one, so that it can be heard as well as seen.
function nameChoice(box) {
    const select = box.previousElementSibling;
    const label = select?.labels?.[0]?.cloneNode(true);
    label?.querySelectorAll("span").forEach((mark) => mark.remove());
    const name = select?.getAttribute?.("aria-label") || label?.textContent.trim();
    if (!name) return;
    for (const part of box.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) {
        part.removeAttribute("aria-labelledby");
        part.setAttribute("aria-label", name);
    }
}

new MutationObserver((changes) => {
    for (const change of changes) {
        for (const added of change.addedNodes) {
            if (added.classList?.contains("select2-container")) nameChoice(added);
        }
    }
}).observe(document.documentElement, { childList: true, subtree: true });

addEventListener("load", () => {
    document.querySelectorAll("[data-simplebar]").forEach((box, index) => {
        const name = box.dataset.name || `Scrollable content ${index + 1}`;
        box.querySelector(".simplebar-content-wrapper")?.setAttribute("aria-label", name);
    });
});
