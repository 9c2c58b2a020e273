/** An alert's preview as messages, and a line that says what it would cost. */
import { element } from './entities.js';

/** @param render makes a message of a part; a file's content is not shown */
export function renderPreview({ parts, cost, remaining, silent, warnings }, render) {
  const messages = parts.map(({ text, entities }) => {
    const node = render({ message_id: 0, date: Date.now() / 1000, text, entities, silent });
    node.removeAttribute('data-id');
    node.classList.add('preview');
    return node;
  });
  const files = parts.flatMap(({ file }) => (file ? [`as the file ${file.name}`] : []));
  const facts = ['Preview: nothing was sent', ...files, `costs ${cost} of ${remaining} left`, ...warnings];
  return [...messages, element('p', { class: 'service' }, facts.join(' · '))];
}
