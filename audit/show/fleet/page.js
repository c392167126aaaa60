"use strict";
(() => {
	const tables = [...document.querySelectorAll("table")];
	const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
	const machines = [...document.querySelectorAll("#machines tbody tr")];
	const search = document.getElementById("search");
	const count = document.getElementById("count");
	const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

	// A row is shown where it has all the words. They are in the page's address, too: a link leads to
	// what was found.
	const filter = () => {
		const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		for (const row of rows) {
			row.hidden = !words.every((word) => texts.get(row).includes(word));
		}
		const shown = machines.filter((row) => !row.hidden).length;
		count.textContent = words.length ? `${shown} of ${machines.length} machines` : "";
	};
	const fromAddress = () => {
		let words = location.hash.slice(1);
		try {
			words = decodeURIComponent(words);
		} catch {
			// not written by this page
		}
		search.value = words;
		filter();
	};
	search.addEventListener("input", () => {
		history.replaceState(null, "", "#" + encodeURIComponent(search.value));
		filter();
	});
	window.addEventListener("hashchange", fromAddress);

	const order = new Intl.Collator("en", { numeric: true });
	const sort = (table, head, column) => {
		const descending = head.getAttribute("aria-sort") === "ascending";
		for (const other of head.parentNode.cells) {
			other.removeAttribute("aria-sort");
		}
		head.setAttribute("aria-sort", descending ? "descending" : "ascending");
		const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
		const sorted = [...table.tBodies[0].rows].sort((a, b) => order.compare(key(a), key(b)));
		table.tBodies[0].append(...(descending ? sorted.reverse() : sorted));
	};
	for (const table of tables) {
		for (const [column, head] of [...(table.tHead?.rows[0].cells ?? [])].entries()) {
			const button = document.createElement("button");
			button.type = "button";
			button.append(...head.childNodes);
			button.addEventListener("click", () => sort(table, head, column));
			head.append(button);
		}
	}
	document.getElementById("tools").hidden = false;
	fromAddress();
})();
