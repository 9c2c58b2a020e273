/** The line at the bottom: message input and command menu. */
import { element } from './entities.js';

/** @param acts {send(text): Promise<boolean>, preview(text): Promise<void>, commands(): {command, description}[]} */
export function createComposer({ send, preview, commands }) {
  const find = (id) => document.getElementById(id);
  const [input, menu] = ['text', 'menu'].map(find);

  function setMenu(open, filter = '') {
    const found = commands().filter(({ command }) => command.startsWith(filter));
    const show = open && (found.length > 0 || filter === '');
    menu.hidden = !show;
    find('menu-button').setAttribute('aria-expanded', String(show));
    if (!show) return;
    const rows = found.map(({ command, description }) => {
      const row = element(
        'button',
        { type: 'button' },
        element('b', {}, `/${command}`),
        element('span', {}, description),
      );
      row.addEventListener('click', () => {
        setMenu(false);
        input.value = '';
        input.focus();
        void send(`/${command}`);
      });
      return row;
    });
    menu.replaceChildren(...(rows.length > 0 ? rows : [element('p', {}, 'The bot has no commands yet.')]));
  }

  function grow() {
    input.rows = Math.min(6, input.value.split('\n').length);
  }

  async function submit() {
    const text = input.value.trim();
    setMenu(false);
    if (text && (await send(text))) {
      input.value = '';
      grow();
    }
  }

  find('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  find('preview').addEventListener('click', () => {
    if (input.value.trim()) void preview(input.value);
    input.focus();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void submit();
    } else if (event.key === 'ArrowUp' && !menu.hidden) {
      event.preventDefault();
      menu.querySelector('button:last-of-type')?.focus();
    }
  });
  input.addEventListener('input', () => {
    grow();
    const command = /^\/(\w*)$/.exec(input.value);
    setMenu(command !== null, command?.[1]);
  });
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowUp: 'previousElementSibling', ArrowDown: 'nextElementSibling' }[event.key];
    if (!step) return;
    event.preventDefault();
    (document.activeElement[step] ?? input).focus();
  });
  find('menu-button').addEventListener('click', () => {
    setMenu(menu.hidden);
    menu.querySelector('button')?.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || menu.hidden) return;
    setMenu(false);
    input.focus();
  });
}
