/** Gives each command on the page a button that copies it. A file of its own: the page runs no script inside its HTML. */
for (const command of document.querySelectorAll('pre')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    button.textContent = (await copy(command)) ? 'Copied' : 'Press Ctrl-C';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1500);
  });
  const frame = document.createElement('div');
  frame.className = 'command';
  command.replaceWith(frame);
  frame.append(command, button);
}

async function copy(command) {
  try {
    await navigator.clipboard.writeText(command.textContent);
    return true;
  } catch {
    // Browsers have no clipboard for pages over plain http, unless they are on this machine.
    getSelection().selectAllChildren(command);
    return document.execCommand('copy');
  }
}
