// Filtering and folding only: the page says the same without it.
(function () {
  var filter = document.querySelector(".filter");
  if (filter) {
    var text = filter.querySelector("input"), severity = filter.querySelector("select"), told = filter.querySelector("output");
    var items = Array.prototype.slice.call(document.querySelectorAll("[data-severity]"));
    var apply = function () {
      var wanted = text.value.trim().toLowerCase(), shown = 0;
      items.forEach(function (item) {
        var fits = (!severity.value || item.dataset.severity === severity.value) && item.textContent.toLowerCase().indexOf(wanted) >= 0;
        item.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      told.textContent = wanted || severity.value ? shown + " of " + items.length : "";
    };
    text.addEventListener("input", apply);
    severity.addEventListener("change", apply);
    var button = filter.querySelector("button");
    button.addEventListener("click", function () {
      var open = button.getAttribute("aria-pressed") !== "true";
      document.querySelectorAll(".case details").forEach(function (fold) { fold.open = open; });
      button.setAttribute("aria-pressed", String(open));
      button.textContent = open ? "Fold evidence" : "Unfold evidence";
    });
    filter.hidden = false;
  }
  // A link into a fold opens it.
  var reveal = function () {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") { at.open = true; }
    }
    if (target && target.tagName === "DETAILS") { target.scrollIntoView(); }
  };
  window.addEventListener("hashchange", reveal);
  reveal();
  // Paper has no folds.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (fold) { fold.open = true; });
  });
})();
