/** Renders message text with Telegram's entities. Text reaches the page through text nodes only. */

const TAGS = {
  bold: 'strong',
  italic: 'em',
  underline: 'u',
  strikethrough: 's',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
  expandable_blockquote: 'blockquote',
};
/** A link, a command, or something that looks like a JWT. */
const FINDS =
  /(https?:\/\/[^\s<>"]+[^\s<>".,:;!?)\]}'])|(?<![\w/])(\/[a-z0-9_]{1,32})(?![\w/])|(eyJ[\w-]+\.[\w-]+\.[\w-]+)/g;
/** Shown as blocks: they break the line on their own. */
const BLOCKS = new Set(['pre', 'blockquote', 'expandable_blockquote']);
/** Shorter code is just as quick to copy by hand. */
const MIN_COPY_LENGTH = 20;

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Only these schemes become links: a `javascript:` address stays text. */
export function link(url, ...children) {
  if (!/^(https?:|mailto:|tel:)/i.test(url)) return element('span', {}, ...children);
  return element('a', { href: url, target: '_blank', rel: 'noreferrer noopener' }, ...children);
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element('textarea', { class: 'visually-hidden' });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

export function copyButton(text) {
  const button = element('button', { type: 'button', class: 'copy', 'aria-label': 'Copy' });
  button.addEventListener('click', async () => {
    await copyText(text);
    button.setAttribute('aria-label', 'Copied');
    setTimeout(() => {
      button.setAttribute('aria-label', 'Copy');
    }, 1500);
  });
  return button;
}

function plain(parent, text, onCommand) {
  let at = 0;
  for (const match of text.matchAll(FINDS)) {
    const [whole, url, command, token] = match;
    parent.append(text.slice(at, match.index));
    if (url) parent.append(link(url, url));
    else if (command) {
      const button = element('button', { type: 'button', class: 'command' }, command);
      button.addEventListener('click', () => onCommand(command));
      parent.append(button);
    } else parent.append(token, copyButton(token));
    at = match.index + whole.length;
  }
  parent.append(text.slice(at));
}

function spoiler() {
  const node = element('button', {
    type: 'button',
    class: 'spoiler',
    'aria-label': 'Hidden text, press to show',
  });
  node.addEventListener('click', () => {
    node.classList.add('open');
    node.removeAttribute('aria-label');
  });
  return node;
}

const DATE_STYLES = { d: 'short', D: 'long' };
const TIME_STYLES = { t: 'short', T: 'medium' };
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

function relative(seconds) {
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat([], { numeric: 'auto' }).format(Math.round(seconds / length), unit);
}

/** A moment as the reader's own clock has it. Formats: Telegram's "date-time entity formatting"; '' keeps the text. */
function momentText({ unix_time: time, date_time_format: format }, text) {
  if (!format) return text;
  if (format === 'r') return relative(time - Date.now() / 1000);
  const styles = { dateStyle: DATE_STYLES[/[dD]/.exec(format)], timeStyle: TIME_STYLES[/[tT]/.exec(format)] };
  const date = new Date(time * 1000);
  const parts = format.startsWith('w') ? [date.toLocaleDateString([], { weekday: 'long' })] : [];
  if (styles.dateStyle || styles.timeStyle) parts.push(new Intl.DateTimeFormat([], styles).format(date));
  return parts.join(', ');
}

function moment(entity, text) {
  const date = new Date(entity.unix_time * 1000);
  const attributes = { datetime: date.toISOString(), title: date.toLocaleString() };
  return element('time', attributes, momentText(entity, text));
}

function elementFor(entity, text) {
  if (entity.type === 'spoiler') return spoiler();
  if (entity.type === 'text_link') return link(entity.url);
  const node = element(TAGS[entity.type] ?? 'span');
  if (entity.type === 'expandable_blockquote' && text.length > 200) {
    node.classList.add('folded');
    node.addEventListener('click', () => node.classList.remove('folded'));
  }
  return node;
}

/** @param entities offsets in UTF-16 units, which is what JavaScript's slice counts */
export function renderText(parent, text, entities, onCommand) {
  const queue = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);

  const fill = (node, from, to, verbatim) => {
    let at = from;
    const write = (until) => {
      if (until <= at) return;
      if (verbatim) node.append(text.slice(at, until));
      else plain(node, text.slice(at, until), onCommand);
      at = until;
    };
    while (queue.length > 0 && queue[0].offset < to) {
      const entity = queue.shift();
      const end = entity.offset + entity.length;
      // One that reaches beyond its parent is split, as Telegram does.
      if (end > to) queue.unshift({ ...entity, offset: to, length: end - to });
      const stop = Math.min(end, to);
      const isBlock = BLOCKS.has(entity.type);
      // The line breaks beside a block would show as empty lines more than Telegram's.
      write(isBlock && text[entity.offset - 1] === '\n' ? entity.offset - 1 : entity.offset);
      const inner = text.slice(entity.offset, stop);
      if (entity.type === 'date_time') {
        node.append(moment(entity, inner));
        at = stop;
        continue;
      }
      const child = elementFor(entity, inner);
      const isCode = entity.type === 'code' || entity.type === 'pre';
      fill(child, entity.offset, stop, verbatim || isCode || entity.type === 'text_link');
      node.append(child);
      if (entity.type === 'pre' || (isCode && inner.length >= MIN_COPY_LENGTH))
        node.append(copyButton(inner));
      at = isBlock && text[stop] === '\n' ? stop + 1 : stop;
    }
    write(to);
  };
  fill(parent, 0, text.length, false);
}
