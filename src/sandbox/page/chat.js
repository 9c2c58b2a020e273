/** The sandbox's chat window: loads the state, follows the events, sends what the person does. */
import { ask, get, post, toast } from './calls.js';
import { createComposer } from './composer.js';
import { element } from './entities.js';
import { renderMessage } from './messages.js';
import { renderPreview } from './preview.js';

const find = (id) => document.getElementById(id);
const [log, scroll, empty] = ['log', 'scroll', 'empty'].map(find);
const unread = new Map();
let state = { bot: {}, chats: [] };
let current;
/** Events that arrive while a chat is loaded: the answer on its way may be older than they. */
let heldBack;

const chatOf = (id) => state.chats.find((chat) => chat.id === id);
const nameOf = (chat) => chat.title ?? chat.first_name ?? String(chat.id);
const isGroup = (chat) => chat?.type !== 'private';
const isChannel = (chat) => chat?.type === 'channel';
const kindOf = (chat) => (isChannel(chat) ? 'Channel' : 'Group');

const send = (text) => post('api/send', { chatId: current, text });
const press = (messageId, data) => post('api/press', { chatId: current, messageId, data });

/** The link to the bot with a payload: Telegram opens the private chat, where one presses Start. */
async function startBot(payload) {
  await openChat(state.chats.find((chat) => !isGroup(chat)).id);
  await send(`/start ${payload}`);
}

const render = (message) =>
  renderMessage(message, {
    bot: state.bot,
    isGroup: isGroup(chatOf(current)),
    send,
    press,
    startBot,
    toast,
    goTo,
  });

const nodeOf = (messageId) => log.querySelector(`[data-id="${Number(messageId)}"]`);

function goTo(messageId) {
  const node = nodeOf(messageId);
  if (!node) return toast('This message is no longer here');
  node.scrollIntoView({ block: 'center' });
  node.classList.add('found');
  setTimeout(() => node.classList.remove('found'), 1500);
}

function dayOf(message) {
  return new Date(message.date * 1000).toLocaleDateString([], {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  });
}

function append(message) {
  const day = dayOf(message);
  if (log.dataset.day !== day) log.append(element('p', { class: 'day' }, day));
  log.dataset.day = day;
  log.append(render(message));
}

/** An alert as it would arrive, until the chat is opened again. */
async function preview(text) {
  const shown = await ask('api/preview', { chatId: current, text });
  if (!shown) return;
  log.append(...renderPreview(shown, (part) => render({ ...part, from: state.bot })));
  showEmpty();
  toEnd();
}

function showEmpty() {
  empty.hidden = log.childElementCount > 0;
}

function toEnd() {
  scroll.scrollTop = scroll.scrollHeight;
}

function renderChats() {
  const items = state.chats.map((chat) => {
    const count = unread.get(chat.id) ?? 0;
    const button = element('button', { type: 'button', 'aria-current': String(chat.id === current) });
    button.append(
      element(
        'span',
        { class: isGroup(chat) ? 'face group' : 'face', 'aria-hidden': 'true' },
        nameOf(chat).charAt(0),
      ),
      element('span', { class: 'name' }, nameOf(chat)),
    );
    if (count > 0)
      button.append(element('span', { class: 'unread', 'aria-label': `${count} unread` }, String(count)));
    button.append(
      element('span', { class: 'kind' }, isGroup(chat) ? `${kindOf(chat)} with the bot` : 'Private chat'),
    );
    button.addEventListener('click', () => void openChat(chat.id));
    return element('li', {}, button);
  });
  find('chats').replaceChildren(...items);
}

function renderHeader() {
  const chat = chatOf(current);
  if (!chat) return;
  find('title').textContent = isGroup(chat) ? nameOf(chat) : state.bot.first_name;
  find('subtitle').textContent = isGroup(chat)
    ? `${kindOf(chat)} with ${state.bot.first_name} · chat id ${chat.id}`
    : `bot · @${state.bot.username} · chat id ${chat.id}`;
  find('menu-button').hidden = isChannel(chat);
  find('storm').hidden = !state.storm;
  document.title = `${find('title').textContent} · SANDBOX`;
}

async function openChat(chatId) {
  current = chatId;
  unread.delete(chatId);
  renderChats();
  renderHeader();
  heldBack = [];
  const { messages } = await get(`api/messages?chatId=${chatId}`);
  if (current !== chatId) return;
  const missed = heldBack ?? [];
  heldBack = undefined;
  log.replaceChildren();
  delete log.dataset.day;
  messages.forEach(append);
  missed.forEach(apply);
  showEmpty();
  toEnd();
}

function renderLanguages() {
  const select = find('language');
  select.parentElement.hidden = state.languages.length < 2;
  const options = state.languages.map((code) => {
    const name = new Intl.DisplayNames([code], { type: 'language' }).of(code);
    return element('option', { value: code, lang: code }, name.charAt(0).toUpperCase() + name.slice(1));
  });
  select.replaceChildren(...options);
  select.value = state.language;
}

async function refresh() {
  state = await get('api/state');
  const board = find('board');
  board.hidden = !state.boardUrl;
  if (state.boardUrl) board.href = state.boardUrl;
  find('preview').hidden = !state.hasPreview;
  renderLanguages();
  if (!chatOf(current)) current = state.chats[0]?.id;
  renderChats();
  renderHeader();
}

function onMessage({ chatId, message }) {
  if (chatId !== current) {
    unread.set(chatId, (unread.get(chatId) ?? 0) + 1);
    renderChats();
    return;
  }
  if (nodeOf(message.message_id)) return;
  const atEnd = isAtEnd();
  append(message);
  showEmpty();
  if (atEnd || message.from?.id !== state.bot.id) toEnd();
}

const isAtEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;

/** Whoever pressed a button of the message goes on from its place; whoever reads the end stays there. */
function replace(old, next) {
  const hadFocus = old?.contains(document.activeElement);
  const wasAtEnd = isAtEnd();
  next.classList.add('changed');
  old?.replaceWith(next);
  if (wasAtEnd) toEnd();
  if (hadFocus) (next.querySelector('.keys button') ?? scroll).focus();
}

const HANDLERS = {
  message: onMessage,
  edited: ({ chatId, message }) => chatId === current && replace(nodeOf(message.message_id), render(message)),
  deleted: ({ chatId, messageId }) => {
    if (chatId === current) nodeOf(messageId)?.remove();
    if (!log.querySelector('[data-id]')) {
      log.replaceChildren();
      delete log.dataset.day;
    }
    showEmpty();
  },
  'callback-answer': ({ chatId, messageId, text }) => {
    if (chatId !== current) return;
    for (const key of nodeOf(messageId)?.querySelectorAll('[aria-busy]') ?? [])
      key.removeAttribute('aria-busy');
    if (text) toast(text);
  },
  chat: refresh,
  commands: refresh,
};

const apply = (change) => HANDLERS[change.type]?.(change);

createComposer({ send, preview, commands: () => chatOf(current)?.commands ?? [] });
empty.querySelector('[data-send]').addEventListener('click', () => {
  void send('/start');
  find('text').focus();
});

find('storm').addEventListener('click', async ({ currentTarget: button }) => {
  button.disabled = true;
  if (await post('api/storm', { chatId: current })) toast('50 alerts are on their way');
  // So long it takes.
  setTimeout(() => {
    button.disabled = false;
  }, 7000);
});

find('language').addEventListener('change', async (event) => {
  // What could not be changed shows as it was.
  if (!(await post('api/language', { language: event.target.value }))) renderLanguages();
});

/** EventSource reconnects by itself; whatever happened meanwhile is reloaded. */
const events = new EventSource('api/events');
events.addEventListener('open', async () => {
  find('connection').hidden = true;
  await refresh();
  if (current !== undefined) await openChat(current);
});
events.addEventListener('error', () => {
  find('connection').hidden = false;
});
events.addEventListener('message', (event) => {
  const change = JSON.parse(event.data);
  if (heldBack && change.chatId === current) heldBack.push(change);
  else apply(change);
});
