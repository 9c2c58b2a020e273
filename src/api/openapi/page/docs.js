// The page's own script, because the content security policy lets no inline one run.
const { SwaggerUIBundle } = window;
SwaggerUIBundle({
  url: document.getElementById('docs').dataset.document,
  dom_id: '#docs',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // Nothing is asked of others: by default a badge is loaded from a validator on the internet.
  validatorUrl: null,
});
