// Looks after a job until it is over, and fetches its file when the page was opened to get it.
const panel = document.getElementById("job");
const part = () => panel.firstElementChild;

function over() {
    const link = panel.querySelector("[data-take]");
    if (location.hash === "#take" && link) {
        history.replaceState(null, "", location.pathname);
        link.click();
    }
}

async function look() {
    if (part().dataset.finished === "yes") {
        over();
        return;
    }
    await new Promise((done) => setTimeout(done, 700));
    const answer = await fetch(`${location.pathname}?part`).catch(() => null);
    if (answer?.ok) {
        const fresh = await answer.text();
        const focused = panel.contains(document.activeElement);
        if (!focused || fresh.includes('data-finished="yes"')) panel.innerHTML = fresh;
    }
    look();
}

look();
