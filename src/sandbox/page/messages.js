/** Renders one message: bubble, time, document, buttons. */
import { copyText, element, link, renderText } from './entities.js';

const SVG = 'http://www.w3.org/2000/svg';
const MUTED_BELL =
  'M12 2a6 6 0 0 0-4.2 1.7L18 13.9V9a6 6 0 0 0-6-7zM3.4 2 2 3.4l4.2 4.2A6 6 0 0 0 6 9v5l-2 2v1h11.6l5 5 1.4-1.4zM12 22a2.5 2.5 0 0 0 2.5-2.5h-5A2.5 2.5 0 0 0 12 22z';
const SHEET = 'M6 2h8l5 5v15H6zM13 3.5V8h4.5zM9 12h7v1.5H9zM9 16h7v1.5H9z';

function icon(path, size, label) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('width', String(size));
  svg.setAttribute('height', String(size));
  svg.setAttribute('fill', 'currentColor');
  if (label) {
    const title = document.createElementNS(SVG, 'title');
    title.textContent = label;
    svg.setAttribute('role', 'img');
    svg.append(title);
  } else svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS(SVG, 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

function timeOf(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

function sizeOf(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`;
}

function documentCard(file) {
  const card = element('a', { class: 'document', download: file.file_name });
  card.href = `api/files/${encodeURIComponent(file.file_id)}?name=${encodeURIComponent(file.file_name)}`;
  const sheet = element('span', { class: 'sheet' }, icon(SHEET, 24));
  card.append(
    sheet,
    element(
      'span',
      {},
      element('strong', {}, file.file_name),
      element('small', {}, `${sizeOf(file.file_size)} · Download`),
    ),
  );
  return card;
}

/** The payload of a link to this very bot, which is not to be had at t.me. */
function startOf(url, bot) {
  const { hostname, pathname, searchParams } = URL.canParse(url) ? new URL(url) : {};
  const isOurs = hostname === 't.me' && pathname === `/${bot.username}`;
  return isOurs ? (searchParams.get('start') ?? '') : undefined;
}

function key(button, message, acts) {
  const start = startOf(button.url, acts.bot);
  if (button.url && start === undefined) return link(button.url, `${button.text} ↗`);
  const node = element('button', { type: 'button' }, button.text);
  node.addEventListener('click', async () => {
    if (start !== undefined) await acts.startBot(start);
    else if (button.copy_text) {
      await copyText(button.copy_text.text);
      acts.toast('Copied');
    } else if (button.callback_data !== undefined) {
      node.setAttribute('aria-busy', 'true');
      await acts.press(message.message_id, button.callback_data);
      setTimeout(() => node.removeAttribute('aria-busy'), 2000);
    } else acts.toast('The sandbox does not support this kind of button');
  });
  return node;
}

function keyboard(message, acts) {
  const rows = message.reply_markup.inline_keyboard.map((row) =>
    element('div', {}, ...row.map((button) => key(button, message, acts))),
  );
  return element('div', { class: 'keys', role: 'group', 'aria-label': 'Message buttons' }, ...rows);
}

function serviceText(message) {
  if (message.migrate_to_chat_id) return 'This group became a supergroup';
  if (message.migrate_from_chat_id) return 'This supergroup used to be a group';
  return undefined;
}

/** The message that this one answers, in one line; it leads there. */
function quote(original, acts) {
  const line = (original.text ?? original.caption ?? original.document?.file_name ?? '').split('\n')[0];
  const node = element(
    'button',
    { type: 'button', class: 'quote' },
    element('strong', {}, original.from?.first_name ?? original.chat.title ?? ''),
    element('span', {}, line),
  );
  node.addEventListener('click', () => acts.goTo(original.message_id));
  return node;
}

/** @param acts {bot, isGroup, send(text), press(messageId, data), startBot(payload), toast(text), goTo(messageId)} */
export function renderMessage(message, acts) {
  const service = serviceText(message);
  if (service) return element('p', { class: 'service', 'data-id': message.message_id }, service);
  const mine = message.from?.id !== acts.bot.id;
  const bubble = element('div', { class: 'bubble' });
  if (acts.isGroup) bubble.append(element('p', { class: 'author' }, message.from?.first_name ?? ''));
  if (message.reply_to_message) bubble.append(quote(message.reply_to_message, acts));
  if (message.document) bubble.append(documentCard(message.document));
  const text = message.text ?? message.caption;
  if (text) {
    const body = element('div', { class: 'body' });
    const entities = message.entities ?? message.caption_entities ?? [];
    renderText(body, text, entities, acts.send);
    bubble.append(body);
  }
  const meta = element('p', { class: 'meta' });
  if (message.silent) meta.append(icon(MUTED_BELL, 13, 'Sent silently'));
  if (message.edit_date) meta.append('edited ');
  meta.append(
    element('time', { datetime: new Date(message.date * 1000).toISOString() }, timeOf(message.date)),
  );
  bubble.append(meta);
  const node = element(
    'article',
    { class: mine ? 'message mine' : 'message', 'data-id': message.message_id },
    bubble,
  );
  if (message.reply_markup) node.append(keyboard(message, acts));
  return node;
}
