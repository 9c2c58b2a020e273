// The page's own script, because the content security policy lets no inline one run.
const { SwaggerUIBundle } = window;
const docs = document.getElementById('docs');

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const setColours = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', setColours);
setColours();

/** What swagger-ui leaves out for those who listen, or use the keyboard alone; it renders anew at any time. */
function mend() {
  for (const select of docs.querySelectorAll('select:not([aria-label])')) {
    const label = select
      .closest('label, td, div')
      ?.querySelector('label, small, .servers-title, .parameter__name');
    select.setAttribute('aria-label', label?.textContent?.trim() || 'Choose');
  }
  // A link within a button; the button does the same.
  for (const link of docs.querySelectorAll('button a[href]')) link.removeAttribute('href');
  for (const code of docs.querySelectorAll('pre:not([tabindex])')) code.tabIndex = 0;
}
new MutationObserver(mend).observe(docs, { childList: true, subtree: true });

SwaggerUIBundle({
  url: docs.dataset.document,
  dom_id: '#docs',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // Nothing is asked of others: by default a badge is loaded from a validator on the internet.
  validatorUrl: null,
});
