/** What makes uploads outlast the page. Loaded when a file is large enough for that, or when the page asks. */

export { interrupted } from "./resume/interrupted.js";
export { Keeper } from "./resume/keeper.js";
