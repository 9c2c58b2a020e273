/** Numbers, times and elements: everything goes into the page as text. */

const NUMBER = new Intl.NumberFormat('en');

export const number = (value) => NUMBER.format(value);

/** As in "3 s", "12 min", "5 h", "9 d". */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  while (size >= 1000 && units.length > 1) {
    size /= 1000;
    units.shift();
  }
  return `${size < 10 && units[0] !== 'B' ? size.toFixed(1) : Math.round(size)} ${units[0]}`;
}

/** How long ago, or how soon; `now` is the service's clock, so that the browser's need not be right. */
export function when(at, now) {
  const seconds = Math.abs(at - now) / 1000;
  if (seconds < 5) return 'now';
  return at > now ? `in ${duration(seconds)}` : `${duration(seconds)} ago`;
}

/** An element of these children; false and null are left out, all else that is no node is text. */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) made.setAttribute(name, value);
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

/** A time as people say it, with the exact one for whoever points at it or reads the page by ear. */
export function time(at, now) {
  const exact = new Date(at);
  return element('time', { datetime: exact.toISOString(), title: exact.toString() }, when(at, now));
}

export const cell = (...children) => element('td', {}, ...children);
export const numberCell = (value) => element('td', { class: 'number' }, value === 0 ? '0' : number(value));
export const rowHead = (...children) => element('th', { scope: 'row' }, ...children);

/** Shows the rows, or one that says that there is nothing. */
export function fill(id, rows, nothing) {
  const body = document.getElementById(id);
  const columns = body.closest('table').tHead.rows[0].cells.length;
  const empty = () => element('tr', {}, element('td', { colspan: columns, class: 'soft' }, nothing));
  body.replaceChildren(...(rows.length > 0 ? rows : [empty()]));
}
