// The pages are whole without it. It makes the menu of small screens fold and error summaries take the focus.
import { initAll } from "./design-system/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
